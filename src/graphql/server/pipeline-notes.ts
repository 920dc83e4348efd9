import type { HttpResponse } from "../../http/http-response.js";
import type { OperationNotes, RequestNotes } from "../../http/request-notes.js";
import { RequestJournal } from "../../service/request-journal.js";
import { outcomeLabels } from "./request-labels.js";

/** Gathers what the log says of one request, on its way through the pipeline. */
export class PipelineNotes implements RequestNotes {
  readonly journal = new RequestJournal();
  subject: string | undefined;
  operation: OperationNotes | undefined;
  cost: number | undefined;
  outcomes: readonly string[] | undefined;

  get storeCalls(): number {
    return this.journal.storeCalls;
  }

  get writes(): RequestNotes["writes"] {
    return this.journal.writes;
  }

  /** @param made undefined: the client went away */
  responded(made: HttpResponse | undefined): void {
    this.outcomes ??= outcomesIn(made);
  }
}

/** The codes of a response that was refused before an operation was known. */
function outcomesIn(made: HttpResponse | undefined): readonly string[] | undefined {
  if (made === undefined || made.status < 400) return undefined;
  try {
    const { errors } = JSON.parse(made.body) as { errors?: Parameters<typeof outcomeLabels>[0] };
    return errors && outcomeLabels(errors);
  } catch {
    return undefined;
  }
}
