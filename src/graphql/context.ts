import type { Principal } from "../auth/principal.js";
import type { AccountService } from "../service/account-service.js";
import type { ConfigService } from "../service/config-service.js";
import type { RequestReader } from "../service/read/request-reader.js";
import type { RequestWork } from "./request-work.js";

/** Apollo hands copies of the context on: this one object is the same in all of them. */
interface Outcome {
  /** Set when the answer may be kept: what metrics call it. */
  keepAs?: string;
}

/** What every resolver of one request shares. */
export interface RequestContext {
  readonly requestId: string;
  readonly principal: Principal;
  readonly configs: ConfigService;
  readonly accounts: AccountService;
  /** Gathers what the request reads into as few store calls as can be. */
  readonly reader: RequestReader;
  /** What becomes of the answer once it is there. */
  readonly outcome: Outcome;
  /** Bounds what the request makes the process do. */
  readonly work: RequestWork;
}
