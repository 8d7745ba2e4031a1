export const chapters = {
  chaptersText: "Parts of the video with a name each. The first begins at 0:00.",
  chapterAdd: "Add a chapter",
  chapterTime: "Start {number}",
  chapterTitle: "Title {number}",
  chapterRemove: "Remove chapter {number}",
  chapterTimeWrong: "Write it as 1:30.",
  chaptersSave: "Save chapters",
  chaptersTake: "Change them",
  chaptersFromDescription: { one: "Players show {count} chapter from the description.", other: "Players show {count} chapters from the description." },
  chaptersFromFile: { one: "Players show {count} chapter from the video’s file.", other: "Players show {count} chapters from the video’s file." },
} as const;
