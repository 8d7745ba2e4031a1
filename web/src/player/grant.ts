/** The token in the path of media URLs: `<edge>/media/~<token>/v/…`. */
const GRANT = /\/media\/~([^/]+)\//;

export const grantIn = (url: string): string | undefined => GRANT.exec(url)?.[1];

/** The same object by a newer grant. */
export const withGrant = (url: string, grant: string | undefined): string => (grant ? url.replace(GRANT, `/media/~${grant}/`) : url);
