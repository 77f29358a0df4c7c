/** What ids and ARNs look like. */
/** With any path, but without the wildcards and variables that would mean more than one role in a policy. */
export const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[A-Za-z0-9_+=,.@-]+\/)*[A-Za-z0-9_+=,.@-]{1,64}$/;
export const ACCOUNT_ID = /^\d{12}$/;
export const EXTERNAL_ID = /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/;
export const ORGANIZATION_ID = /^o-[a-z0-9]{10,32}$/;
export const OU_ID = /^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$/;
