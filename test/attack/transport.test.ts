import { attackFamily } from "./family.js";
import { TRANSPORT_ATTACKS } from "./transport-attacks.js";

attackFamily("bodies and methods", TRANSPORT_ATTACKS);
