export const thumbnails = {
  thumbnail: "Thumbnail",
  thumbnailChoose: "Which picture is shown",
  thumbnailOwn: "Your own picture",
  thumbnailSuggested: "Picture {number} from the video",
  thumbnailUpload: "Upload your own",
  thumbnailReplace: "Upload another",
  thumbnailDelete: "Delete your own",
  thumbnailTooLarge: "The picture is larger than 1.5 MB.",
  thumbnailHint: "JPEG, PNG or WebP, at least 320 × 180 pixels, 1.5 MB at most.",
} as const;
