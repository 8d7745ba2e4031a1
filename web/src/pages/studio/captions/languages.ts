/** Which languages are offered for captions, and which one a file's name tells. */

/** BCP 47; those that most people speak or subtitle in. Any other can be written. */
export const OFFERED = (
  "ar bg bn ca cs da de el en es et eu fa fi fil fr gl gu he hi hr hu id is it ja kn ko lt lv ml mr ms nb nl pa pl pt pt-BR ro ru sk sl sr sv sw ta te th tr uk ur vi zh-Hans zh-Hant"
).split(" ");

const PATTERN = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/** As the contract takes it. */
export const isTag = (text: string): boolean => text.length <= 35 && PATTERN.test(text);

/** The language in the name of a file, as subtitle editors write it ("talk.de.srt", "talk_pt-BR.vtt"). */
export function languageIn(fileName: string): string | undefined {
  const found = /[._-]([A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?)\.[A-Za-z]+$/.exec(fileName)?.[1];
  return found && OFFERED.find((tag) => tag.toLowerCase() === found.toLowerCase());
}

/** What the browser's person reads, if it is offered. */
export function preferred(languages: readonly string[]): string {
  for (const tag of languages) {
    const found = OFFERED.find((one) => one.toLowerCase() === tag.toLowerCase()) ?? OFFERED.find((one) => one === tag.split("-")[0]?.toLowerCase());
    if (found) return found;
  }
  return "en";
}
