/**
 * What the estimate takes an account to be, and how long AWS takes to answer.
 * Invariant: every number that is neither a price nor read from templates and manifests is here.
 */

export interface Assumptions {
  /** Regions that each account has enabled: AWS's defaults. */
  readonly regions: number;
  /** How many of them a collector reads at a time; the runtime's own number. */
  readonly regionsAtOnce: number;
  /** One call of an AWS API, across regions. */
  readonly callMs: number;
  /** What a run takes besides: assuming the role, and waiting until the rows are stored. */
  readonly runMs: number;
  /** A schedule's firing that finds little to do: one that looks at every account takes `accountMs` more for each. */
  readonly tickMs: number;
  readonly accountMs: number;
  /** In an account: what is running, or there. */
  readonly instances: number;
  readonly volumes: number;
  readonly natGateways: number;
  readonly loadBalancers: number;
  readonly buckets: number;
  /** Rows that an account's collectors write in a day, and their size on the wire. */
  readonly rows: number;
  readonly rowBytes: number;
  /** What an invocation writes to its log, Lambda's own lines included. */
  readonly logBytes: number;
  /** Requests of Cost Explorer in a day: those of every day, and those for single regions once a week, by region with spend. */
  readonly costExplorerRequests: number;
  readonly costExplorerRequestsByRegion: number;
  readonly regionsWithSpend: number;
  /** AWS publishes no page size of Cost Explorer: so many accounts are taken to fill one. */
  readonly accountsPerPage: number;
}

export const ASSUMPTIONS: Assumptions = {
  regions: 17,
  regionsAtOnce: 4,
  callMs: 150,
  runMs: 1500,
  tickMs: 1500,
  accountMs: 10,
  instances: 10,
  volumes: 20,
  natGateways: 1,
  loadBalancers: 2,
  buckets: 20,
  rows: 600,
  rowBytes: 400,
  logBytes: 2500,
  costExplorerRequests: 8,
  costExplorerRequestsByRegion: 2,
  regionsWithSpend: 5,
  accountsPerPage: 250,
};
