/**
 * Synthesizes the stack for a test and reads its template with every intrinsic function written out as text.
 * Invariant: an intrinsic this file does not know fails the test; nothing is skipped over.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../lib/settings/config.ts';
import type { PoloConfig } from '../../lib/settings/polo-config.ts';
import { DataStack } from '../../lib/stacks/data-stack.ts';
import { type CollectorManifest, loadManifests } from '../../lib/inputs/manifest.ts';
import { PageStack } from '../../lib/stacks/page-stack.ts';
import { PoloStack } from '../../lib/stacks/polo-stack.ts';

export const FIXTURES = join(import.meta.dirname, '../fixtures/collectors');
export const CORE_FUNCTIONS = ['access-verifier', 'account-discovery', 'collection-dispatcher', 'coverage-notifier', 'schema-migrator', 'status-page'];
export const FIXTURE_COLLECTORS = ['account_alias', 'config_ec2'];

/** A value as JSON, with references as text: pseudo parameters as ${AWS::...}, resources as <LogicalId> and <LogicalId.Arn>. */
export type Plain = any;

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Plain;
  /** The resource without its type and properties: what it depends on, and whether it outlives its stack. */
  readonly rest: Plain;
}

export class SynthesizedStack {
  readonly json: string;
  readonly outputs: Plain;
  private readonly resources: Resource[];

  constructor(template: Plain) {
    this.json = JSON.stringify(template);
    this.resources = Object.entries<Plain>(template.Resources).map(([logicalId, { Type, Properties, ...rest }]) => ({
      logicalId,
      type: Type,
      properties: plain(Properties),
      rest,
    }));
    this.outputs = plain(template.Outputs ?? {});
  }

  all(type: string): Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  types(): string[] {
    return [...new Set(this.resources.map((resource) => resource.type))].sort();
  }

  /** The only resource of a type whose property has this value. */
  one(type: string, property: string, value: string): Resource {
    const found = this.all(type).filter((resource) => resource.properties[property] === value);
    const [first] = found;
    if (first === undefined || found.length !== 1) throw new Error(`${found.length} resources of ${type} have ${property} ${value}`);
    return first;
  }

  function(id: string, env = 'dev'): Resource {
    return this.one('AWS::Lambda::Function', 'FunctionName', `${env}-polo-${id}`);
  }

  rule(rule: string, env = 'dev'): Resource {
    return this.one('AWS::Events::Rule', 'Name', `${env}-polo-${rule}`);
  }

  role(id: string, env = 'dev'): Resource {
    return this.one('AWS::IAM::Role', 'RoleName', `${env}-polo-${id}`);
  }

  /** The name at the end of `<LogicalId.Arn>`: which function a rule invokes. */
  functionNameOf(reference: string): string {
    const found = this.all('AWS::Lambda::Function').find(({ logicalId }) => reference === `<${logicalId}.Arn>`);
    if (!found) throw new Error(`${reference} is not a function of the stack`);
    return found.properties.FunctionName;
  }
}

/** The functions' stack for these settings over stub artifacts, with the fixture collectors unless told otherwise. */
export function synthesize(settings: Record<string, unknown> = {}, manifests: readonly CollectorManifest[] = loadManifests(FIXTURES)): SynthesizedStack {
  return synthesized(settings, (app, config) => new PoloStack(app, { config, manifests }));
}

/** The stack of what outlives the functions. */
export function synthesizeData(settings: Record<string, unknown> = {}): SynthesizedStack {
  return synthesized(settings, (app, config) => new DataStack(app, config));
}

/** The stack of the load balancer. */
export function synthesizePage(settings: Record<string, unknown>): SynthesizedStack {
  return synthesized(settings, (app, config) => new PageStack(app, config));
}

/** CDK's own check of the template takes ten times as long as all the rest, and so is left to the tests that start the app. */
function synthesized(settings: Record<string, unknown>, make: (app: App, config: PoloConfig) => Stack): SynthesizedStack {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-infra-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
    return new SynthesizedStack(Template.fromStack(make(app, readConfig({ artifacts: 'stub', ...settings }))).toJSON());
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function plain(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  const [key] = keys;
  if (keys.length === 1 && key === 'Ref') return value.Ref.startsWith('AWS::') ? `\${${value.Ref}}` : `<${value.Ref}>`;
  if (keys.length === 1 && key === 'Fn::GetAtt') return `<${value[key].join('.')}>`;
  if (keys.length === 1 && key === 'Fn::Join') return value[key][1].map(plain).join(value[key][0]);
  if (keys.length === 1 && key === 'Fn::Sub') return value[key];
  if (key?.startsWith('Fn::')) throw new Error(`the intrinsic ${key} is not expected in this template`);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
