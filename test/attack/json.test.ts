import { attackFamily } from "./family.js";
import { JSON_ATTACKS } from "./json-attacks.js";

attackFamily("JSON", JSON_ATTACKS);
