import type { RequestNotes } from "../../http/request-notes.js";
import { RequestJournal } from "../../service/request-journal.js";
import type { GraphqlResponse } from "./graphql-response.js";
import type { OperationAbout } from "./prepared-queries.js";
import { outcomeLabels } from "./request-labels.js";

/** Gathers what the log says of one request, on its way through the pipeline. */
export class PipelineNotes {
  readonly journal = new RequestJournal();
  subject: string | undefined;
  about: OperationAbout | undefined;
  cost: number | undefined;
  outcomes: readonly string[] | undefined;

  /** @param made undefined: the client went away */
  of(made: GraphqlResponse | undefined): RequestNotes {
    const { subject, cost, journal } = this;
    const { storeCalls, writes } = journal;
    const outcomes = this.outcomes ?? outcomesIn(made);
    return {
      ...this.about?.notes,
      ...(subject !== undefined && { subject }),
      ...(outcomes !== undefined && { outcomes }),
      storeCalls,
      ...(cost !== undefined && { cost }),
      writes,
    };
  }
}

/** The codes of a response that was refused before an operation was known. */
function outcomesIn(made: GraphqlResponse | undefined): readonly string[] | undefined {
  if (made === undefined || made.status < 400) return undefined;
  try {
    const { errors } = JSON.parse(made.body) as { errors?: Parameters<typeof outcomeLabels>[0] };
    return errors && outcomeLabels(errors);
  } catch {
    return undefined;
  }
}
