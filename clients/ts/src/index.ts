export { ClientError, errorOf, type Reason, VidmeshError, type Violation } from "./errors.js";
