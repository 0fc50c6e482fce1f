;;; language.el --- the language server in lsp-mode, told to a script -*- lexical-binding: t -*-

;; Usage: emacs --batch -l CONFIGURATION -l language.el PROGRAM
;; CONFIGURATION is what a user writes into their init file.  Prints one JSON object a line.

;;; Code:

(require 'lsp-mode)
(require 'json)

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

(defun language-messages (program)
  "The messages of PROGRAM's diagnostics, nil if there are none."
  (mapcar (lambda (each) (gethash "message" each))
          (gethash (file-truename program) (lsp-diagnostics t))))

(defun language-labels ()
  "What completion offers at point."
  (let ((answer (lsp-request "textDocument/completion" (lsp--text-document-position-params))))
    (mapcar (lambda (each) (gethash "label" each))
            (if (hash-table-p answer) (gethash "items" answer) answer))))

(let* ((program (pop command-line-args-left))
       (lsp-session-file (make-temp-file "session"))
       (lsp-auto-guess-root t)
       (lsp-enable-snippet nil)
       (lsp-enable-file-watchers nil)
       (lsp-auto-configure t)
       (lsp-diagnostics-provider :none))
  (advice-add 'lsp--calculate-root :override (lambda (&rest _) (file-name-directory program)))
  (find-file program)
  (lsp)
  (language-wait "server" (lambda () (and (lsp-workspaces)
                                          (eq 'initialized (lsp--workspace-status (car (lsp-workspaces)))))))
  (language-say :unused (language-wait "diagnostics" (lambda () (language-messages program))))
  (goto-char (point-max))
  (insert "print(cart.")
  (language-say :refused (language-wait "syntax error"
                                        (lambda () (seq-filter (lambda (each) (string-match "near" each))
                                                               (language-messages program)))))
  (language-say :offered (language-labels))
  (delete-region (line-beginning-position) (point-max))
  (goto-char (point-min))
  (search-forward "cart")
  (lsp-rename "basket")
  (language-say :renamed (buffer-string)))

;;; language.el ends here
