/** The texts that the language server is told of. */

import type { TextDocumentFilter } from 'vscode-languageclient/node';

/**
 * Programs, saved or not. A cell of a notebook is only part of one, and other schemes (`git`, …)
 * show what a file once was.
 */
export const SERVED: TextDocumentFilter[] = ['file', 'untitled'].map(scheme => ({ scheme, language: 'lua' }));
