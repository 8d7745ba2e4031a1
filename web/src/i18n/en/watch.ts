export const watch = {
  share: "Share",
  sharePrivate: "This video is private: the link works for your channel's people only.",
  link: "Link",
  embed: "Embed",
  startAt: "Start at {time}",
  notCopied: "The browser does not let the page copy. Mark the text and copy it by hand.",
  moreOfChannel: "More of this channel",
  showAll: "Show all",
  showLess: "Show less",
  soonTitle: "Almost there",
  soonText: "The video is being processed. This page begins to play it as soon as the first quality is ready.",
  noVideoTitle: "No such video",
} as const;
