import { inject } from "vitest";

// Before any import of a client, which would say only that a module is missing.
const problem = inject("clientsProblem");
if (problem !== undefined) throw new Error(problem);
