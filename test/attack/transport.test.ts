import { attackFamily } from "./family.js";
import { HEAD_ATTACKS } from "./head-attacks.js";
import { ORIGIN_ATTACKS } from "./origin-attacks.js";
import { TRANSPORT_ATTACKS } from "./transport-attacks.js";

attackFamily("transport", [...TRANSPORT_ATTACKS, ...HEAD_ATTACKS, ...ORIGIN_ATTACKS]);
