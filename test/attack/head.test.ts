import { attackFamily } from "./family.js";
import { HEAD_ATTACKS } from "./head-attacks.js";

attackFamily("heads", HEAD_ATTACKS);
