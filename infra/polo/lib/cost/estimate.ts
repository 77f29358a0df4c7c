/**
 * What a deployment costs a month of 30 days, from its templates, the manifests, prices and assumptions.
 * Invariant: functions, schedules, alarms and secrets are counted in the templates, never written down here, so that what
 * is added to them is in the estimate by itself. Amounts are estimates in floating point: no money is booked with them.
 */
import type { CollectorManifest } from '../inputs/manifest.ts';
import { longestGapMinutes } from '../settings/schedule-gap.ts';
import type { Json } from '../inputs/template-values.ts';
import type { Assumptions } from './assumptions.ts';
import {
  ALARM_MONTH_USD,
  LAMBDA_GB_SECOND_USD,
  LAMBDA_MILLION_REQUESTS_USD,
  LOG_GB_MONTH_USD,
  LOG_GB_USD,
  MILLION_EVENTS_USD,
  SECRET_MONTH_USD,
  TRANSFER_OUT_GB_USD,
} from './prices.ts';

export interface CostLine {
  readonly what: string;
  /** Rounded for people. */
  readonly quantity: string;
  readonly usd: number;
}

export interface Deployment {
  /** The hub's templates, as synthesized. */
  readonly templates: readonly Json[];
  readonly manifests: readonly CollectorManifest[];
  /** Active accounts. */
  readonly accounts: number;
}

const DAYS = 30;
const MINUTES = DAYS * 24 * 60;
const GB = 1e9;

interface LambdaFunction {
  readonly id: string;
  readonly gb: number;
  readonly architecture: keyof typeof LAMBDA_GB_SECOND_USD;
}

interface Usage {
  invocations: number;
  seconds: number;
}

export function estimate({ templates, manifests, accounts }: Deployment, assumed: Assumptions): CostLine[] {
  const resources = templates.flatMap((template) => Object.entries<Json>(template.Resources));
  const functions = new Map(resources.filter(([, { Type }]) => Type === 'AWS::Lambda::Function').map(([logicalId, resource]) => [logicalId, lambdaFunction(resource)]));
  const used = new Map<string, Usage>();
  for (const manifest of manifests) used.set(manifest.id, collecting(manifest, accounts, assumed));
  for (const [, { Type, Properties }] of resources) {
    if (Type !== 'AWS::Events::Rule' || Properties.ScheduleExpression === undefined) continue;
    const fired = firings(Properties.ScheduleExpression);
    for (const { Arn } of Properties.Targets) {
      const target = functions.get(Arn['Fn::GetAtt']?.[0]);
      if (target === undefined) throw new Error(`the target of a schedule is no function: ${JSON.stringify(Arn)}`);
      add(used, target.id, { invocations: fired, seconds: (fired * assumed.tickMs) / 1000 });
    }
  }
  // Discovery looks at every account each hour, and every account is checked each day.
  add(used, 'account-discovery', { invocations: 0, seconds: (DAYS * 24 * accounts * assumed.accountMs) / 1000 });
  add(used, 'access-verifier', { invocations: 0, seconds: (DAYS * accounts * assumed.accountMs) / 1000 });

  const invocations = sum([...used.values()].map((usage) => usage.invocations));
  const compute = sum(
    [...functions.values()].map(({ id, gb, architecture }) => gb * (used.get(id)?.seconds ?? 0) * LAMBDA_GB_SECOND_USD[architecture]),
  );
  const gbSeconds = sum([...functions.values()].map(({ id, gb }) => gb * (used.get(id)?.seconds ?? 0)));
  const events = sum(manifests.map((manifest) => used.get(manifest.id)?.invocations ?? 0));
  const logGb = (invocations * assumed.logBytes) / GB;
  const metrics = DAYS * accounts * (4 * assumed.instances + 2 * assumed.volumes + 2 * assumed.natGateways + assumed.loadBalancers);
  const requests = costExplorerRequests(accounts, assumed);
  const transferGb = (DAYS * accounts * assumed.rows * assumed.rowBytes) / GB;
  const alarms = count(resources, 'AWS::CloudWatch::Alarm');
  const secrets = count(resources, 'AWS::SecretsManager::Secret');
  return [
    { what: 'Lambda, compute', quantity: `${people(gbSeconds)} GB-seconds`, usd: compute },
    { what: 'Lambda, requests', quantity: `${people(invocations)} invocations`, usd: (invocations * LAMBDA_MILLION_REQUESTS_USD) / 1e6 },
    { what: 'EventBridge', quantity: `${people(events)} events`, usd: (events * MILLION_EVENTS_USD) / 1e6 },
    { what: 'CloudWatch metrics that `cloudwatch_metrics` asks for', quantity: `${people(metrics)} metrics`, usd: metrics * perUnit(manifests, 'cloudwatch_metrics') },
    { what: 'Cost Explorer, asked at the payer', quantity: `${people(requests)} requests`, usd: requests * perUnit(manifests, 'cost') },
    { what: 'CloudWatch alarms', quantity: `${alarms} alarms`, usd: alarms * ALARM_MONTH_USD },
    { what: 'CloudWatch logs, kept for 30 days', quantity: `${people(logGb)} GB`, usd: logGb * (LOG_GB_USD + LOG_GB_MONTH_USD) },
    { what: 'Secrets Manager', quantity: `${secrets} secrets`, usd: secrets * SECRET_MONTH_USD },
    { what: 'data sent to ClickHouse, where it is outside AWS', quantity: `${people(transferGb)} GB`, usd: transferGb * TRANSFER_OUT_GB_USD },
  ];
}

/** Management events that collecting leaves in the trails of the watched accounts, a month. */
export function trailEvents({ manifests, accounts }: Deployment, assumed: Assumptions): number {
  return sum(manifests.map((manifest) => calls(manifest, accounts, assumed) * runsPerMonth(manifest)));
}

export function total(lines: readonly CostLine[]): number {
  return sum(lines.map(({ usd }) => usd));
}

/** A Markdown table, with the total in its last row. */
export function table(lines: readonly CostLine[]): string {
  const rows = lines.map(({ what, quantity, usd }) => `| ${what} | ${quantity} | ${usd.toFixed(2)} |`);
  return ['| What | a month | USD |', '|---|---|---|', ...rows, `| **Together** | | **${total(lines).toFixed(2)}** |`].join('\n');
}

/** A number with three significant digits. */
export function people(value: number): string {
  return value === 0 ? '0' : Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function lambdaFunction({ Properties }: Json): LambdaFunction {
  const [architecture] = Properties.Architectures;
  if (!(architecture in LAMBDA_GB_SECOND_USD)) throw new Error(`no price for ${architecture}`);
  const name: string = Properties.FunctionName;
  return { id: name.slice(name.indexOf('-polo-') + '-polo-'.length), gb: Properties.MemorySize / 1024, architecture };
}

function runsPerMonth({ period_hours }: CollectorManifest): number {
  return (DAYS * 24) / period_hours;
}

/** The calls of one round through all accounts: each declared action once, in each region where it has to be asked there. */
function calls({ id, scope, read_actions }: CollectorManifest, accounts: number, assumed: Assumptions): number {
  if (scope === 'payer') return costExplorerRequests(accounts, assumed) / DAYS;
  if (scope === 'region') return accounts * assumed.regions * read_actions.length;
  // Of each bucket everything but the list of them.
  return accounts * (id === 'config_s3' ? 1 + assumed.buckets * (read_actions.length - 1) : 1);
}

function collecting(manifest: CollectorManifest, accounts: number, assumed: Assumptions): Usage {
  const runs = manifest.scope === 'payer' ? 1 : accounts;
  const atOnce = manifest.scope === 'region' ? assumed.regionsAtOnce : 1;
  const seconds = (runs * assumed.runMs + (calls(manifest, accounts, assumed) * assumed.callMs) / atOnce) / 1000;
  return { invocations: runs * runsPerMonth(manifest), seconds: seconds * runsPerMonth(manifest) };
}

function costExplorerRequests(accounts: number, assumed: Assumptions): number {
  const pages = Math.ceil(accounts / assumed.accountsPerPage);
  return pages * (DAYS * assumed.costExplorerRequests + (DAYS / 7) * assumed.costExplorerRequestsByRegion * assumed.regionsWithSpend);
}

/** What one unit of a collector's billed calls costs, as its manifest says. */
function perUnit(manifests: readonly CollectorManifest[], id: string): number {
  const billing = manifests.find((manifest) => manifest.id === id)?.billing;
  if (billing === undefined) throw new Error(`the manifest of ${id} names no price`);
  return Number(billing.usd_per_1000_units) / 1000;
}

/** A schedule that follows the calendar is one of the weekly ones. */
function firings(expression: string): number {
  const gap = longestGapMinutes(expression);
  return gap === undefined ? DAYS / 7 : MINUTES / gap;
}

function count(resources: readonly [string, Json][], type: string): number {
  return resources.filter(([, { Type }]) => Type === type).length;
}

function add(used: Map<string, Usage>, id: string, more: Usage): void {
  const before = used.get(id) ?? { invocations: 0, seconds: 0 };
  used.set(id, { invocations: before.invocations + more.invocations, seconds: before.seconds + more.seconds });
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
