;;; telling.el --- what stories in Emacs have in common -*- lexical-binding: t -*-

;;; Code:

(require 'json)

(defun telling-say (&rest pairs)
  "Print PAIRS as one line of JSON."
  (princ (concat (json-encode pairs) "\n")))

(defun telling-wait (what predicate)
  "Wait until PREDICATE gives a value and return it; WHAT is waited for."
  (with-timeout (60 (error "No %s within a minute" what))
    (let (value)
      (while (not (setq value (funcall predicate)))
        (accept-process-output nil 0.05))
      value)))

(provide 'telling)

;;; telling.el ends here
