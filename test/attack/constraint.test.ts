import { CONSTRAINT_ATTACKS } from "./constraint-attacks.js";
import { attackFamily } from "./family.js";

attackFamily("constraints and pins", CONSTRAINT_ATTACKS);
