import { attackFamily } from "./family.js";
import { TENANCY_ATTACKS } from "./tenancy-attacks.js";

attackFamily("tenancy", TENANCY_ATTACKS);
