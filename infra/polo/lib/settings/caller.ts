/** Where the hub is, seen from AWS Organizations, and as whom it calls. */
export const HUB_LOCATIONS = ['management-account', 'delegated-administrator', 'member-account'] as const;
export type HubLocation = (typeof HUB_LOCATIONS)[number];

export type Caller = 'SELF' | 'DELEGATED_ADMIN';

/** As whom the stack set is made, read and served. A plain account does so through roles of the management account. */
export function callerOf(location: HubLocation): Caller {
  return location === 'delegated-administrator' ? 'DELEGATED_ADMIN' : 'SELF';
}
