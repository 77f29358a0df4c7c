/**
 * The settings of the organizations to list, one or several.
 * Invariant: at most one is listed without a role, the hub's own, and where the hub's organization is known the others are too.
 */
import { arnProblem } from './aws-places.ts';
import { EXTERNAL_ID, ORGANIZATION_ID, OU_ID, ROLE_ARN } from './patterns.ts';
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

/** One organization to list. Field names are those of the functions' POLO_ORGANIZATIONS. */
export interface OrganizationSetting {
  readonly id?: string;
  /** The role that may list it; absent = Organizations is called directly. */
  readonly role_arn?: string;
  readonly external_id?: string;
  readonly include_ous?: readonly string[];
  readonly exclude_ous?: readonly string[];
}


export function readOrganizations(settings: SettingReader): OrganizationSetting[] | undefined {
  const fix = 'write a list such as [{"id":"o-a1b2c3d4e5","role_arn":"arn:...","external_id":"...","include_ous":["ou-..."]}]';
  const value = settings.json('organizations', fix);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) throw SettingError.wrong('organizations', value, fix);
  return value.map((item: unknown, index) => organization(`organizations[${index}]`, item, fix));
}

function organization(where: string, item: unknown, fix: string): OrganizationSetting {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) throw SettingError.wrong(where, item, fix);
  const { id, role_arn, external_id, include_ous, exclude_ous, ...unknown } = item as Record<string, unknown>;
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) {
    throw SettingError.wrong(`a field of ${where}`, stray, 'an organization has id, role_arn, external_id, include_ous and exclude_ous');
  }
  const text = (field: string, given: unknown, pattern: RegExp, how: string): string | undefined => {
    if (given === undefined) return undefined;
    if (typeof given !== 'string' || !pattern.test(given)) throw SettingError.wrong(`${where}.${field}`, given, how);
    const problem = arnProblem(given);
    if (problem !== undefined) throw SettingError.wrong(`${where}.${field}`, given, problem);
    return given;
  };
  const units = (field: string, given: unknown): string[] | undefined => {
    if (given === undefined) return undefined;
    const valid = Array.isArray(given) && given.every((unit) => typeof unit === 'string' && OU_ID.test(unit));
    if (!valid) throw SettingError.wrong(`${where}.${field}`, given, 'list OU or root ids, such as ou-ab12-34567890 or r-ab12');
    return given;
  };
  return {
    id: text('id', id, ORGANIZATION_ID, 'write an organization id, such as o-a1b2c3d4e5'),
    role_arn: text('role_arn', role_arn, ROLE_ARN, 'write the ARN of the role that may list the organization'),
    external_id: text('external_id', external_id, EXTERNAL_ID, 'write 2 to 1224 letters, digits and _+=,.@:/-'),
    include_ous: units('include_ous', include_ous),
    exclude_ous: units('exclude_ous', exclude_ous),
  };
}

export function rejectContradictingOrganizations(listed: readonly OrganizationSetting[], hubOrganizationId: string | undefined): void {
  const direct = listed.filter((one) => one.role_arn === undefined);
  if (direct.length > 1) throw new SettingError(`${direct.length} of the organizations have no role_arn: only the hub's own organization can be listed without one`);
  const ids = listed.flatMap((one) => one.id ?? []);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw SettingError.wrong('organizations', twice, 'each organization may be listed once');
  if (hubOrganizationId === undefined) return;
  for (const [index, one] of listed.entries()) {
    if (one.role_arn !== undefined && one.id === undefined) {
      throw new SettingError(`organizations[${index}] has no id and hubOrganizationId is given, which limits Polo to organizations it knows: add the id`);
    }
    if (one.role_arn === undefined && one.id !== undefined && one.id !== hubOrganizationId) {
      throw SettingError.wrong(`organizations[${index}].id`, one.id, `it has no role_arn, so it is the hub's own organization, ${hubOrganizationId}`);
    }
  }
}
