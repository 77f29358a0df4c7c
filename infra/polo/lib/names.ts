/**
 * The names that other parts of Polo, and member accounts' trust policies, rely on.
 * Invariant: a function's name and its role's name are equal, and a collector's id appears in them untouched.
 */
import { SettingError } from './settings/setting-error.ts';

/** Lambda functions, IAM roles and EventBridge rules all end at 64 characters. */
const NAME_LIMIT = 64;

export interface Names {
  readonly bus: string;
  readonly deadLetters: string;
  functionAndRole(id: string): string;
  rule(rule: string): string;
  /** The stack that rolls the member roles out, and its stack set. */
  readonly roles: string;
  /** The roles in the management account for a hub that is a plain member account. */
  readonly organizationReader: string;
  readonly provisioner: string;
  readonly alarmTopic: string;
  /** The stack of a part that is not the functions': theirs has the bus's name. */
  stack(part: string): string;
  secret(secret: string): string;
  /** Alarms have room for 255 characters. */
  alarm(alarm: string): string;
}

export function namesFor(env: string): Names {
  const prefix = `${env}-polo`;
  const limited = (name: string): string => {
    if (name.length > NAME_LIMIT) {
      throw new SettingError(`the name ${name} has ${name.length} characters and AWS allows ${NAME_LIMIT}: shorten env or the collector's id`);
    }
    return name;
  };
  return {
    bus: prefix,
    deadLetters: `${prefix}-dead-letters`,
    functionAndRole: (id) => limited(`${prefix}-${id}`),
    rule: (rule) => limited(`${prefix}-${rule}`),
    roles: `${prefix}-roles`,
    organizationReader: `${prefix}-organization-reader`,
    provisioner: `${prefix}-provisioner`,
    alarmTopic: `${prefix}-alarms`,
    stack: (part) => `${prefix}-${part}`,
    secret: (secret) => `${prefix}/${secret}`,
    alarm: (alarm) => `${prefix}-${alarm}`,
  };
}
