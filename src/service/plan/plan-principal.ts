import { type Principal, SCOPES } from "../../auth/principal.js";

/** Whoever runs the command has the store, and so may do everything. */
export const PLANNER: Principal = {
  subject: "apply",
  accountId: undefined,
  isSuperadmin: true,
  scopes: new Set(SCOPES),
  issuedAt: undefined,
};
