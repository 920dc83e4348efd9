import type { Metric, Registry } from "prom-client";

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** By bucket; the last for what is over all of them. */
  readonly counts: number[];
  sum: number;
}

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly registers: readonly Registry[];
}

/**
 * A histogram for prom-client's registry. prom-client's own checks and sorts the labels of each observation; that is most
 * of what one costs, and a request makes up to eight. Here a series is found by the values of its labels in their order.
 */
export class Histogram {
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly name: string;
  readonly help: string;
  readonly #series = new Map<string, Series>();

  constructor(private readonly options: HistogramOptions) {
    this.name = options.name;
    this.help = options.help;
    for (const registry of options.registers) registry.registerMetric(this as unknown as Metric);
  }

  /** @param labels by `labelNames`, in that order, one to a line; of closed sets, for a series stays for ever */
  observe(labels: string, value: number): void {
    const series = this.#series.get(labels) ?? this.#begin(labels);
    const { buckets } = this.options;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  #begin(labels: string): Series {
    const values = labels.split("\n");
    const named = this.options.labelNames.map((name, index) => [name, values[index] ?? ""]);
    const series: Series = {
      labels: Object.fromEntries(named),
      counts: Array.from({ length: this.options.buckets.length + 1 }, () => 0),
      sum: 0,
    };
    this.#series.set(labels, series);
    return series;
  }

  /** As the registry asks for it. */
  async get() {
    const values = [...this.#series.values()].flatMap((series) => this.#told(series));
    return { name: this.name, help: this.help, type: this.type, values, aggregator: this.aggregator };
  }

  reset(): void {
    this.#series.clear();
  }

  #told({ labels, counts, sum }: Series) {
    let below = 0;
    const buckets = counts.map((count, index) => {
      below += count;
      const le = this.options.buckets[index] ?? "+Inf";
      return { labels: { le, ...labels }, value: below, metricName: `${this.name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: below, metricName: `${this.name}_count` },
    ];
  }
}
