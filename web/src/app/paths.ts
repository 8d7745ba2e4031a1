/** Addresses of the pages. */
export const paths = {
  home: "/",
  signIn: "/sign-in",
  signUp: "/sign-up",
  upload: "/upload",
  studio: "/studio",
  account: "/account",
  edit: (videoId: string) => `/studio/${videoId}`,
  watch: (videoId: string) => `/watch/${videoId}`,
  embed: (videoId: string) => `/embed/${videoId}`,
  channel: (handle: string) => `/@${handle}`,
};

/** Where to go after signing in: a page of ours that was asked for, else home. */
export function nextPath(search: URLSearchParams): string {
  const wanted = search.get("next") ?? "";
  return /^\/(?![/\\])/.test(wanted) ? wanted : paths.home;
}

/** The same page again after signing in. */
export const signInFor = (path: string): string => `${paths.signIn}?next=${encodeURIComponent(path)}`;
