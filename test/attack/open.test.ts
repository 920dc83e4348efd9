import { attackFamily } from "./family.js";
import { OPEN_ATTACKS } from "./open-attacks.js";

attackFamily("without tokens", OPEN_ATTACKS, { settings: { access: { kind: "open" } } });
