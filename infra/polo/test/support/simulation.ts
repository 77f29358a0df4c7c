/**
 * Asks what IAM would decide, and weakens policies to see that it would decide otherwise.
 * Invariant: what the simulator cannot judge is an error, never a denial: a wrong action, resource or context key fails.
 */
import assert from 'node:assert/strict';
import { type Simulation, runSimulation } from '@cloud-copilot/iam-simulate';
import type { Plain } from './stack.ts';

export type Verdict = 'allowed' | 'denied';

/** Policies by name. `trust` is the policy of the resource: the trust policy of a role that is assumed. */
export interface Policies {
  identity: Record<string, Plain>;
  trust?: Plain;
}

export interface Request {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** The account of the resource. */
  readonly account: string;
  readonly context?: Readonly<Record<string, string>>;
  /** Buckets on which attribute based access control was turned on. */
  readonly bucketAbac?: boolean;
  /** Keys of the context that AWS knows and yet leaves out of this request. */
  readonly leftOut?: readonly string[];
}

export type Edit = (policies: Policies) => void;

export interface Row {
  readonly name: string;
  readonly expected: Verdict;
  readonly policies: Policies;
  readonly request: Request;
  /** Each makes the row fail: what is allowed is taken away, what denies is weakened. */
  readonly edits: Readonly<Record<string, Edit>>;
}

/** Fails unless the row holds, and no longer holds after each of its edits. */
export async function judge({ name, expected, policies, request, edits }: Row): Promise<void> {
  assert.equal(await verdict(policies, request), expected, name);
  assert.ok(Object.keys(edits).length > 0, `${name}: nothing shows what this rests on`);
  for (const [edit, apply] of Object.entries(edits)) {
    const edited = structuredClone(policies);
    apply(edited);
    assert.notDeepEqual(edited, policies, `${name}: ${edit}: it changes nothing`);
    assert.notEqual(await verdict(edited, request), expected, `${name}: ${edit}: it is still ${expected}`);
  }
}

async function verdict({ identity, trust }: Policies, { principal, action, resource, account, context = {}, bucketAbac, leftOut = [] }: Request): Promise<Verdict> {
  const simulation: Simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies: Object.entries(identity).map(([name, policy]) => ({ name, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: trust,
    additionalSettings: bucketAbac === undefined ? undefined : { s3: { bucketAbacEnabled: bucketAbac } },
  };
  const result = await runSimulation(simulation, {});
  assert.ok(result.resultType !== 'error', `${action}: ${JSON.stringify(result)}`);
  const results = result.resultType === 'single' ? [result.result] : result.results;
  assert.ok(results.length > 0, `${action} on ${resource}: nothing was judged`);
  for (const one of results) assert.deepEqual(one.ignoredContextKeys, leftOut, `${action}: a context key that it does not know`);
  return result.overallResult === 'Allowed' ? 'allowed' : 'denied';
}

export function statement(document: Plain, sid: string): Plain {
  const found = document.Statement.filter(({ Sid }: Plain) => Sid === sid);
  assert.equal(found.length, 1, `${found.length} statements are called ${sid}`);
  return found[0];
}

function documents({ identity, trust }: Policies): Plain[] {
  return [...Object.values(identity), ...(trust === undefined ? [] : [trust])];
}

function holder(policies: Policies, sid: string): Plain {
  const found = documents(policies).filter(({ Statement }) => Statement.some(({ Sid }: Plain) => Sid === sid));
  assert.equal(found.length, 1, `${found.length} policies have a statement ${sid}`);
  return found[0];
}

/** Edits of the one statement with this Sid. */
export const edit = {
  drop: (sid: string): Edit => (policies) => {
    const document = holder(policies, sid);
    document.Statement = document.Statement.filter(({ Sid }: Plain) => Sid !== sid);
  },
  dropAction: (sid: string, action: string): Edit => (policies) => {
    const found = statement(holder(policies, sid), sid);
    const left = [found.Action].flat().filter((one: string) => one !== action);
    // A statement without an action is none.
    if (left.length === 0) edit.drop(sid)(policies);
    else found.Action = left;
  },
  dropCondition: (sid: string, operator: string, key: string): Edit => (policies) => {
    const { Condition } = statement(holder(policies, sid), sid);
    assert.ok(key in Condition[operator], `${sid} has no ${operator} ${key}`);
    delete Condition[operator][key];
    if (Object.keys(Condition[operator]).length === 0) delete Condition[operator];
  },
  dropConditions: (sid: string): Edit => (policies) => {
    const found = statement(holder(policies, sid), sid);
    assert.ok(found.Condition, `${sid} has no condition`);
    delete found.Condition;
  },
  dropValue: (sid: string, operator: string, key: string, value: string): Edit => (policies) => {
    const { Condition } = statement(holder(policies, sid), sid);
    Condition[operator][key] = Condition[operator][key].filter((one: string) => one !== value);
  },
  set: (sid: string, field: string, value: Plain): Edit => (policies) => {
    statement(holder(policies, sid), sid)[field] = value;
  },
  /** To an identity: the right that it must not have. */
  allow: (Action: string, Resource: string): Edit => ({ identity }) => {
    identity['added'] = { Version: '2012-10-17', Statement: [{ Sid: 'Added', Effect: 'Allow', Action, Resource }] };
  },
} as const;
