/**
 * Who may open the status page, decided by an IAM simulator from the permissions that the templates give: people from
 * another account by the function's own address, and the load balancer. Every row is also judged with the permissions
 * weakened, and has to fail then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ELSEWHERE, HUB, MEMBER } from './support/member-roles.ts';
import { PAGE } from './support/page.ts';
import { type Edit, type Policies, type Row, edit, judge } from './support/simulation.ts';
import { type Plain, type SynthesizedStack, synthesize, synthesizePage } from './support/stack.ts';

const READER = `arn:aws:iam::${MEMBER}:role/finops`;
const FUNCTION = `arn:aws:lambda:eu-west-1:${HUB}:function:dev-polo-status-page`;
const GROUP = (name: string, account = HUB): string => `arn:aws:elasticloadbalancing:eu-west-1:${account}:targetgroup/${name}/0123456789abcdef`;

/** What Lambda makes of a permission: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html */
function statementOf({ Action, Principal, FunctionUrlAuthType, InvokedViaFunctionUrl, SourceArn, FunctionName, ...others }: Plain): Plain {
  assert.deepEqual(others, {}, 'every part of a permission counts');
  const arn = JSON.stringify(SourceArn ?? '').replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::Region}', 'eu-west-1').replaceAll('${AWS::AccountId}', HUB);
  return {
    Sid: Action.split(':')[1],
    Effect: 'Allow',
    Principal: Principal.startsWith('arn:') ? { AWS: Principal } : { Service: Principal },
    Action,
    Resource: FUNCTION,
    ...(FunctionUrlAuthType === undefined ? {} : { Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType } } }),
    ...(InvokedViaFunctionUrl === undefined ? {} : { Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': String(InvokedViaFunctionUrl) } } }),
    ...(SourceArn === undefined ? {} : { Condition: { ArnLike: { 'aws:SourceArn': JSON.parse(arn) } } }),
  };
}

function permissionsOf(stack: SynthesizedStack, of: (properties: Plain) => boolean): Plain {
  const statements = stack.all('AWS::Lambda::Permission').map(({ properties }) => properties).filter(of).map(statementOf);
  assert.ok(statements.length > 0);
  return { Version: '2012-10-17', Statement: statements };
}

const READERS = permissionsOf(synthesize({ statusPageReaders: READER }), ({ Principal }) => Principal !== 'events.amazonaws.com');
const BALANCER = permissionsOf(synthesizePage(PAGE), () => true);
/** The reader's own account lets it: what is judged is what the function lets. */
const OPEN = { Version: '2012-10-17', Statement: [{ Sid: 'Open', Effect: 'Allow', Action: 'lambda:*', Resource: '*' }] };

const anybody = (sid: string): Edit => edit.set(sid, 'Principal', { AWS: '*' });
const anything: Edit = (policies) => {
  edit.set('InvokeFunction', 'Action', 'lambda:*')(policies);
  edit.dropConditions('InvokeFunction')(policies);
};
const BY_URL = { 'lambda:FunctionUrlAuthType': 'AWS_IAM' };
const THROUGH_URL = { 'lambda:InvokedViaFunctionUrl': 'true' };

interface Given extends Pick<Row, 'name' | 'expected' | 'edits'> {
  readonly action: string;
  readonly principal?: string;
  readonly context: Readonly<Record<string, string>>;
}

const OPENING: readonly Given[] = [
  { name: 'a reader opens the address', action: 'lambda:InvokeFunctionUrl', context: BY_URL, expected: 'allowed', edits: { 'not granted': edit.drop('InvokeFunctionUrl') } },
  { name: 'a reader invokes the function through its address', action: 'lambda:InvokeFunction', context: THROUGH_URL, expected: 'allowed', edits: { 'not granted': edit.drop('InvokeFunction') } },
  {
    name: 'a reader invokes the function otherwise',
    action: 'lambda:InvokeFunction',
    context: { 'lambda:InvokedViaFunctionUrl': 'false' },
    expected: 'denied',
    edits: { 'in any way': edit.dropConditions('InvokeFunction') },
  },
  {
    name: 'an address that asks for no signature',
    action: 'lambda:InvokeFunctionUrl',
    context: { 'lambda:FunctionUrlAuthType': 'NONE' },
    expected: 'denied',
    edits: { 'any address': edit.dropConditions('InvokeFunctionUrl') },
  },
  { name: 'a reader changes the function', action: 'lambda:UpdateFunctionCode', context: {}, expected: 'denied', edits: { 'any action in any way': anything } },
  { name: 'somebody else opens the address', action: 'lambda:InvokeFunctionUrl', principal: `arn:aws:iam::${ELSEWHERE}:role/finops`, context: BY_URL, expected: 'denied', edits: { anybody: anybody('InvokeFunctionUrl') } },
  { name: 'somebody else invokes the function', action: 'lambda:InvokeFunction', principal: `arn:aws:iam::${MEMBER}:role/other`, context: THROUGH_URL, expected: 'denied', edits: { anybody: anybody('InvokeFunction') } },
];

for (const { name, expected, edits, action, principal = READER, context } of OPENING) {
  const policies: Policies = { identity: { Open: OPEN }, trust: READERS };
  test(`${name}: ${expected}`, () => judge({ name, expected, policies, edits, request: { principal, action, resource: FUNCTION, account: HUB, context } }));
}

const SERVICE = 'elasticloadbalancing.amazonaws.com';
const BALANCING: readonly Given[] = [
  { name: "the page's target group", action: 'lambda:InvokeFunction', context: { 'aws:SourceArn': GROUP('dev-polo-page') }, expected: 'allowed', edits: { 'not granted': edit.drop('InvokeFunction') } },
  { name: "another environment's", action: 'lambda:InvokeFunction', context: { 'aws:SourceArn': GROUP('prod-polo-page') }, expected: 'denied', edits: { 'any target group': edit.dropConditions('InvokeFunction') } },
  { name: "another account's", action: 'lambda:InvokeFunction', context: { 'aws:SourceArn': GROUP('dev-polo-page', ELSEWHERE) }, expected: 'denied', edits: { 'any target group': edit.dropConditions('InvokeFunction') } },
  {
    name: 'another service',
    action: 'lambda:InvokeFunction',
    principal: 'apigateway.amazonaws.com',
    context: { 'aws:SourceArn': GROUP('dev-polo-page') },
    expected: 'denied',
    edits: { 'any service': edit.set('InvokeFunction', 'Principal', { Service: ['apigateway.amazonaws.com'] }) },
  },
];
for (const { name, expected, edits, action, principal = SERVICE, context } of BALANCING) {
  const row: Row = { name, expected, policies: { identity: {}, trust: BALANCER }, edits, request: { principal, action, resource: FUNCTION, account: HUB, context } };
  test(`the load balancer: ${name}: ${expected}`, () => judge(row));
}
