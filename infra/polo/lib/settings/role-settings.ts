/**
 * The settings of the member roles and of their rollout.
 * Invariant: what the template's parameters would refuse at deployment is refused here, before anything is written.
 */
import { type Caller, HUB_LOCATIONS, type HubLocation, callerOf } from './caller.ts';
import { ACCOUNT_ID, OU_ID } from './patterns.ts';
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

export const STACKS = ['hub', 'roles', 'forwarder', 'page'] as const;
export type StackName = (typeof STACKS)[number];

export interface OidcTrust {
  /** The provider's address without https://. */
  readonly provider: string;
  readonly audience: string;
  readonly subject: string;
}

export interface RoleSettings {
  /** Which stacks are synthesized. */
  readonly stacks: readonly StackName[];
  /** What the hub's account is in the organization. */
  readonly hubLocation: HubLocation;
  /** Where the functions run that the member roles trust. */
  readonly hubAccountId?: string;
  /** OUs and roots whose accounts get the roles; empty = there is no stack set. */
  readonly rolloutOus: readonly string[];
  /** IAM is global: the one region whose stacks hold the roles. */
  readonly roleRegion: string;
  /** As whom the stack set is made, read and served; follows from where the hub is. */
  readonly callAs: Caller;
  /** Whether role-provisioner makes instances for single accounts that wait for their role. */
  readonly provisioning: boolean;
  readonly actionRole: boolean;
  readonly deletableBucketArns: readonly string[];
  readonly extraPrincipalArns: readonly string[];
  readonly oidc?: OidcTrust;
}

/** What the roles need of the settings that are read elsewhere. */
export interface RelatedSettings {
  readonly externalId?: string;
}

/** Every member account has it: it can be neither opted into nor out of. In other partitions it has to be given. */
const DEFAULT_REGION = 'us-east-1';
const DEFAULT_AUDIENCE = 'sts.amazonaws.com';

const BUCKET_ARN = /^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PRINCIPAL_ARN = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[A-Za-z0-9_+=.@/-]{1,512}$/;
const OIDC_PROVIDER = /^(?=.{1,255}$)[A-Za-z0-9.-]+(\/[A-Za-z0-9._-]+)*$/;
const OIDC_AUDIENCE = /^[A-Za-z0-9._:/-]{1,255}$/;
const OIDC_SUBJECT = /^[A-Za-z0-9._:/@|-]{1,255}$/;

export function readRoleSettings(settings: SettingReader, { hubRegion }: { readonly hubRegion?: string }): RoleSettings {
  const rolloutOus = settings.list('rolloutOus', (item) => OU_ID.test(item), 'list OU or root ids, each once, such as ou-ab12-34567890 or r-ab12') ?? [];
  const stacks = settings.list('stacks', isStack, `list some of ${STACKS.join(', ')}`)?.filter(isStack);
  const hubLocation = settings.choice('hubLocation', HUB_LOCATIONS) ?? 'management-account';
  return {
    stacks: stacks ?? ['hub', ...(rolloutOus.length === 0 ? [] : ['roles' as const]), ...(hubRegion === undefined ? [] : ['forwarder' as const]), ...(settings.isGiven('pageCertificateArn') ? ['page' as const] : [])],
    hubLocation,
    hubAccountId: settings.text('hubAccountId', ACCOUNT_ID, 'write the 12-digit id of the account in which Polo runs'),
    rolloutOus,
    roleRegion: settings.region('roleRegion', 'write a region name, such as eu-west-1') ?? DEFAULT_REGION,
    callAs: callerOf(hubLocation),
    provisioning: settings.choice('provisioning', ['on', 'off']) === 'on',
    actionRole: settings.choice('actionRole', ['on', 'off']) === 'on',
    deletableBucketArns:
      settings.list('deletableBucketArns', (item) => BUCKET_ARN.test(item), 'list bucket ARNs without wildcard or object, each once, such as arn:aws:s3:::old-exports') ?? [],
    extraPrincipalArns:
      settings.list('extraPrincipalArns', (item) => PRINCIPAL_ARN.test(item), 'list ARNs of roles or IAM users without wildcard, each once, such as arn:aws:iam::123456789012:user/port-ocean') ?? [],
    oidc: oidc(settings),
  };
}

function isStack(item: string): item is StackName {
  return (STACKS as readonly string[]).includes(item);
}

function oidc(settings: SettingReader): OidcTrust | undefined {
  const provider = settings.text('oidcProvider', OIDC_PROVIDER, 'write the provider\'s address without https://, such as oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF');
  const audience = settings.text('oidcAudience', OIDC_AUDIENCE, 'write one audience without wildcard, such as sts.amazonaws.com');
  const subject = settings.text('oidcSubject', OIDC_SUBJECT, 'write one subject without wildcard, such as system:serviceaccount:port-ocean:port-ocean-aws-v3');
  if (provider !== undefined && subject !== undefined) return { provider, audience: audience ?? DEFAULT_AUDIENCE, subject };
  if (provider !== undefined) throw new SettingError('oidcProvider is given and oidcSubject is missing: name the one subject whose tokens may read');
  if (subject !== undefined || audience !== undefined) {
    throw new SettingError(`${subject === undefined ? 'oidcAudience' : 'oidcSubject'} is given and oidcProvider is missing: name the provider of the tokens`);
  }
  return undefined;
}

export function rejectContradictingRoles(roles: RoleSettings, related: RelatedSettings): void {
  if (!roles.actionRole && roles.deletableBucketArns.length > 0) {
    throw new SettingError('deletableBucketArns is given and actionRole is "off": set actionRole to on, or leave deletableBucketArns out');
  }
  if (roles.provisioning && roles.rolloutOus.length === 0) {
    throw new SettingError('provisioning is "on" and rolloutOus is missing: list the OUs whose accounts get the roles, or set provisioning to off');
  }
  if (!roles.stacks.includes('roles')) return;
  if (roles.rolloutOus.length === 0) {
    throw new SettingError('rolloutOus is missing: list the OUs whose accounts get the roles, or the root for all, such as r-ab12');
  }
  if (roles.hubAccountId === undefined) {
    throw new SettingError('hubAccountId is missing: set "hubAccountId" to the account whose functions the member roles trust');
  }
  if (related.externalId === undefined) {
    throw new SettingError('externalId is missing: set "externalId" to the value that the trust policies of the member roles require');
  }
}
