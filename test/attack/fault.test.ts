import { attackFamily } from "./family.js";
import { FAULT_ATTACKS } from "./fault-attacks.js";

attackFamily("faults", FAULT_ATTACKS, { isFaulty: true });
