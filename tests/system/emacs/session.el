;;; session.el --- a debug session in dap-mode, told to a script -*- lexical-binding: t -*-

;; Usage: emacs --batch -l CONFIGURATION -l session.el PROGRAM LINE
;; CONFIGURATION is what a user writes into their init file.  Prints one JSON object a line.

;;; Code:

(require 'dap-mode)
(require 'dap-ui)
(load (expand-file-name "telling" (file-name-directory load-file-name)))

(defvar session-result nil)

(defun session-request (session method &rest arguments)
  "Send METHOD with ARGUMENTS to SESSION and return the body of the answer."
  (setq session-result nil)
  (dap--send-message (dap--make-request method arguments)
                     (dap--resp-handler (lambda (answer)
                                          (setq session-result (or (gethash "body" answer) t)))
                                        (lambda (&rest reason) (error "%s: %s" method reason)))
                     session)
  (telling-wait method (lambda () session-result)))

(defvar session-frame nil "The frame dap-mode shows, since the last resume.")

(add-hook 'dap-stack-frame-changed-hook
          (lambda (session) (setq session-frame (dap--debug-session-active-frame session))))

(defun session-stop ()
  "Wait for a stop and return its frame."
  (telling-wait "stop" (lambda () session-frame)))

(defun session-locals (session frame)
  "Return names and values in the first scope of FRAME of SESSION."
  (let* ((scopes (gethash "scopes" (session-request session "scopes" :frameId (gethash "id" frame))))
         (reference (gethash "variablesReference" (elt scopes 0)))
         (body (session-request session "variables" :variablesReference reference)))
    (mapcar (lambda (each) (cons (gethash "name" each) (gethash "value" each)))
            (gethash "variables" body))))

(let* ((program (pop command-line-args-left))
       (line (string-to-number (pop command-line-args-left)))
       (default-directory (file-name-directory program))
       (dap-breakpoints-file (make-temp-file "breakpoints"))
       (dap-auto-show-output nil)
       (dap-auto-configure-features nil))
  (advice-add 'lsp-workspace-root :override (lambda (&rest _) default-directory))
  (dap-mode 1)
  (find-file program)
  (goto-char (point-min))
  (forward-line (1- line))
  (dap-breakpoint-add)
  (dap-debug (list :type "llmspell" :request "launch" :name "story" :program program))
  (let* ((frame (session-stop))
         (session (dap--cur-session)))
    (telling-say :stopped (gethash "line" frame)
                 :file (gethash "path" (gethash "source" frame))
                 :locals (session-locals session frame))
    (setq session-frame nil)
    (dap-next session)
    (telling-say :stepped (gethash "line" (session-stop)))
    (telling-say :evaluated
                 (gethash "result"
                          (session-request session "evaluate" :expression "sum + 1"
                                           :frameId (gethash "id" session-frame)
                                           :context "repl")))
    (dap-breakpoint-delete-all)
    (dap-continue session (dap--debug-session-thread-id session))
    (telling-wait "end" (lambda () (not (dap--session-running session))))
    (telling-say :output (with-current-buffer (dap--debug-session-output-buffer session)
                           (buffer-string)))))

;;; session.el ends here
