/**
 * The member roles' names and path: one place from which the hub's rights and variables, the stack set and the plain
 * stack take them.
 * Invariant: a name is without path, the path begins and ends with a slash, and the two names differ.
 */
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

export interface RoleNames {
  readonly read: string;
  /** Also where there is no action role: who deploys a plain stack may switch it on. */
  readonly action: string;
  /** Of both roles: `/` for none. */
  readonly path: string;
}

/** Instead of a prefix: names without one, which two environments in one account would both want. */
const NO_PREFIX = 'none';

const ROLE_NAME = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
/** With the longer of the names that follow it, within the 64 characters that IAM takes. */
const ROLE_PREFIX = /^[A-Za-z0-9_+=,.@-]{1,48}$/;
const ROLE_PATH = /^(?=.{1,512}$)\/(?:[A-Za-z0-9_+=,.@-]+\/)*$/;

export function readRoleNames(settings: SettingReader, env: string, actionRole: boolean): RoleNames {
  const given = settings.text('rolePrefix', ROLE_PREFIX, `write at most 48 letters, digits and _+=,.@-, or ${NO_PREFIX} for names without a prefix`) ?? `${env}-`;
  const prefix = given === NO_PREFIX ? '' : given;
  const fix = 'write a role name without path or wildcard; the path is the setting rolePath';
  const action = settings.text('actionRoleName', ROLE_NAME, fix);
  if (action !== undefined && !actionRole) {
    throw new SettingError(`actionRoleName is "${action}" and actionRole is "off": set actionRole to on, or leave actionRoleName out`);
  }
  return {
    read: settings.text('readRoleName', ROLE_NAME, fix) ?? `${prefix}PoloReadRole`,
    action: action ?? `${prefix}polo-action-role`,
    path: settings.text('rolePath', ROLE_PATH, 'write a path that begins and ends with a slash, such as /platform/') ?? '/',
  };
}

/** As ARNs and the functions' variables hold it: `platform/prod-PoloReadRole`, without a path the name alone. */
export function readRoleOf({ roleNames: { path, read } }: { readonly roleNames: RoleNames }): string {
  return withPath(path, read);
}

/** Likewise; absent where there is no action role. */
export function actionRoleOf({ roleNames: { path, action }, roles }: { readonly roleNames: RoleNames; readonly roles: { readonly actionRole: boolean } }): string | undefined {
  return roles.actionRole ? withPath(path, action) : undefined;
}

function withPath(path: string, name: string): string {
  return `${path.slice(1)}${name}`;
}

/** IAM tells names apart without regard to letters' case. The functions' roles are in the hub account, as its member roles are. */
export function rejectTakenNames(env: string, { read, action }: RoleNames): void {
  const prefix = `${env}-polo-`;
  for (const [key, name] of Object.entries({ readRoleName: read, actionRoleName: action })) {
    if (name.toLowerCase().startsWith(prefix) && name !== `${prefix}action-role`) {
      throw SettingError.wrong(key, name, `names that begin with ${prefix} are those of Polo's functions; choose another`);
    }
  }
  if (read.toLowerCase() === action.toLowerCase()) {
    throw SettingError.wrong('actionRoleName', action, 'it is also readRoleName; the two roles must differ');
  }
}
