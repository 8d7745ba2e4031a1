/** What needs Node: files by their path, and a journal in a folder. */
export { FolderJournal } from "./journal.js";
export { PathSource } from "./source.js";
