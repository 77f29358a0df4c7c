/**
 * The collectors in the hub: of each manifest a function, a rule that asks it for one account, and a place in its sweep.
 * Invariant: a collector enters by its manifest alone, and a setting that names no collector is refused.
 */
import { DEFAULT_SWEEPS } from '../settings/config.ts';
import type { PoloConfig } from '../settings/polo-config.ts';
import type { PoloFunction } from '../constructs/polo-function.ts';
import { budgetEnvironment } from '../environment.ts';
import type { HubParts } from './hub-parts.ts';
import type { CollectorManifest } from '../inputs/manifest.ts';
import { assumeReadRoles } from '../rights/permissions.ts';
import { instead } from '../settings/did-you-mean.ts';
import { SettingError } from '../settings/setting-error.ts';

export function addCollectors(hub: HubParts, manifests: readonly CollectorManifest[]): void {
  rejectUnknownCollectors(manifests, hub.config);
  for (const manifest of manifests) {
    const collector = hub.addFunction(manifest.id, {
      description: manifest.description,
      memoryMb: manifest.memory_mb,
      timeoutS: manifest.timeout_s,
      environment: budgetEnvironment(manifest, hub.config),
      statements: [assumeReadRoles(hub.config)],
      onFailure: 'collector-failed',
    });
    hub.addEventRule(`collect-${manifest.id}`, {
      description: `Runs ${manifest.id} for the accounts that the dispatcher asks for`,
      sources: ['polo.collection-dispatcher'],
      detailTypes: ['Collect Account'],
      matching: { collector: [manifest.id] },
      fields: ['account_id', 'collector', 'sweep_id', 'requested_at'],
      target: collector,
    });
  }
}

/** One schedule per sweep that manifests name. */
export function addSweeps(hub: HubParts, manifests: readonly CollectorManifest[], dispatcher: PoloFunction): void {
  for (const [sweep, expression] of sweepsOf(manifests, hub.config)) {
    hub.addSchedule(`${sweep}-sweep`, {
      description: `Dispatches every active account to every collector of the ${sweep} sweep`,
      schedule: expression,
      detail: { mode: 'sweep', schedule: sweep },
      target: dispatcher,
    });
  }
}

/** Otherwise only a bill would show that no collector reads the budget. */
function rejectUnknownCollectors(manifests: readonly CollectorManifest[], config: PoloConfig): void {
  const billed = manifests.filter(({ billing }) => billing !== undefined).map(({ id }) => id);
  const unknown = Object.keys(config.dayUsdAtMost).find((id) => !billed.includes(id));
  if (unknown === undefined) return;
  const fix = billed.length === 0 ? 'leave it out' : instead(unknown, billed);
  throw SettingError.wrong('a collector in dayUsdAtMost', unknown, `no collector of this name has calls that AWS bills; ${fix}`);
}

/** The sweeps that manifests name, each once and in order, with their schedules. */
function sweepsOf(manifests: readonly CollectorManifest[], config: PoloConfig): [name: string, expression: string][] {
  const sweeps = new Map<string, string>();
  for (const { id, schedule } of manifests) {
    const expression = Object.hasOwn(config.sweepSchedules, schedule) ? config.sweepSchedules[schedule] : undefined;
    if (expression === undefined) {
      const known = Object.keys(config.sweepSchedules).sort().join(', ');
      throw SettingError.wrong(`${id}/collector.json: schedule`, schedule, `write one of ${known}, or define it in the setting sweepSchedules`);
    }
    sweeps.set(schedule, expression);
  }
  const unused = Object.keys(config.sweepSchedules).find((name) => !sweeps.has(name) && !Object.hasOwn(DEFAULT_SWEEPS, name));
  if (unused !== undefined) throw SettingError.wrong('a sweep in sweepSchedules', unused, `no collector's manifest names it; ${instead(unused, [...sweeps.keys()])}`);
  return [...sweeps].sort(([a], [b]) => (a < b ? -1 : 1));
}
