/**
 * Property tests draw the same examples in every run, so that a run says the same as the one before it. For others, which
 * may find what these don't: `FC_SEED=$RANDOM npm test`.
 */

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 1) });
