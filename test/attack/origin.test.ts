import { attackFamily } from "./family.js";
import { ORIGIN_ATTACKS } from "./origin-attacks.js";

attackFamily("other origins", ORIGIN_ATTACKS);
