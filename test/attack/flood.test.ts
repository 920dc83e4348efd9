import { attackFamily } from "./family.js";
import { FLOOD_ATTACKS, PER_SECOND } from "./flood-attacks.js";

attackFamily("floods", FLOOD_ATTACKS, { settings: { rateLimit: PER_SECOND } });
