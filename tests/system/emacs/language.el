;;; language.el --- the language server in lsp-mode, told to a script -*- lexical-binding: t -*-

;; Usage: emacs --batch -l CONFIGURATION -l language.el PROGRAM
;; CONFIGURATION is what a user writes into their init file.  Prints one JSON object a line.

;;; Code:

(require 'lsp-mode)
(load (expand-file-name "telling" (file-name-directory load-file-name)))

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
  (telling-wait "server" (lambda () (and (lsp-workspaces)
                                         (eq 'initialized (lsp--workspace-status (car (lsp-workspaces)))))))
  (telling-say :unused (telling-wait "diagnostics" (lambda () (language-messages program))))
  (goto-char (point-max))
  (insert "print(cart.")
  (telling-say :refused (telling-wait "syntax error"
                                      (lambda () (seq-filter (lambda (each) (string-match "near" each))
                                                             (language-messages program)))))
  (telling-say :offered (language-labels))
  (delete-region (line-beginning-position) (point-max))
  (goto-char (point-min))
  (search-forward "cart")
  (lsp-rename "basket")
  (telling-say :renamed (buffer-string)))

;;; language.el ends here
