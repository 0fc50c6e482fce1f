;;; language.el --- a Lua file in lsp-mode, told to a script -*- lexical-binding: t -*-

;; Usage: emacs --batch -l CONFIGURATION -l language.el FILE
;; CONFIGURATION is what a user writes into their init file.  Prints one JSON object a line.

;;; Code:

(require 'lsp-mode)
(require 'lsp-diagnostics)
(require 'json)

(setq lsp-auto-guess-root t
      lsp-warn-no-matched-clients t
      lsp-enable-file-watchers t
      lsp-file-watch-threshold nil
      lsp-diagnostics-provider :none
      lsp-restart 'ignore)

(defun language-say (&rest pairs)
  "Print PAIRS as one line of JSON."
  (princ (concat (json-encode pairs) "\n")))

(defun language-wait (what predicate)
  "Wait until PREDICATE gives a value and return it; WHAT is waited for."
  (with-timeout (60 (error "No %s within a minute" what))
    (let (value)
      (while (not (setq value (funcall predicate)))
        (accept-process-output nil 0.05))
      value)))

(defun language-diagnostics ()
  "Return line and code of the diagnostics of this buffer."
  (mapcar (lambda (each)
            (format "%s:%s"
                    (1+ (gethash "line" (gethash "start" (gethash "range" each))))
                    (gethash "code" each)))
          (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics t))))

(defun language-goto (text)
  "Put point at the beginning of the first TEXT."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(let ((file (pop command-line-args-left)))
  (find-file file)
  (advice-add 'lsp--suggest-project-root :override (lambda () (file-name-directory file)))
  (lsp)
  (language-wait "connection" (lambda () (lsp-workspaces)))
  (language-wait "session" (lambda () (eq 'initialized (lsp--workspace-status (car (lsp-workspaces))))))
  (language-say :problems (vconcat (language-wait "diagnostics" #'language-diagnostics)))
  (language-goto "total)")
  (let ((found (lsp-request "textDocument/definition" (lsp--text-document-position-params))))
    (language-say :definition
                  (1+ (gethash "line" (gethash "start" (gethash "range" (elt found 0)))))))
  (language-say :symbols
                (vconcat (mapcar (lambda (each) (gethash "name" each))
                                 (lsp-request "textDocument/documentSymbol"
                                              (lsp-make-document-symbol-params
                                               :text-document (lsp--text-document-identifier))))))
  (language-goto "total")
  (lsp-rename "sum")
  (language-say :renamed (buffer-substring-no-properties (point-min) (point-max)))
  (language-goto "unused")
  (delete-region (line-beginning-position) (line-beginning-position 2))
  (language-wait "end of problems" (lambda () (null (language-diagnostics))))
  (language-say :mended t)
  (set-buffer-modified-p nil)
  (kill-buffer))
;;; language.el ends here
