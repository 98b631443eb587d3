package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"applylens/internal/auth"
)

// A route is one URL, who may use it, and its limits.
type route struct {
	method, path string
	role         auth.Role
	handle       echo.HandlerFunc
	limits       []echo.MiddlewareFunc
}

// routes is the map of the site: every URL, nothing else.
func (s *Server) routes() []route {
	page := []echo.MiddlewareFunc{middleware.BodyLimit(bodyLimit), within(requestTime)}
	stream := []echo.MiddlewareFunc{middleware.BodyLimit(bodyLimit)}
	upload := []echo.MiddlewareFunc{middleware.BodyLimit(uploadLimit), within(time.Hour)}
	signIn := append([]echo.MiddlewareFunc{middleware.RateLimiter(middleware.NewRateLimiterMemoryStoreWithConfig(
		middleware.RateLimiterMemoryStoreConfig{Rate: 0.5, Burst: 10, ExpiresIn: 10 * time.Minute}))}, page...)
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/health", auth.Public, s.health, page},
		{get, "/health/live", auth.Public, s.healthLive, page},
		{get, "/health/ready", auth.Public, s.health, page},
		{get, "/metrics", auth.Public, s.metrics, page},
		{get, "/static/*", auth.Public, s.asset, page},
		{get, "/sign-in", auth.Anyone, s.signInPage, page},
		{get, "/sign-in/:token", auth.Anyone, s.signInLink, signIn},
		{post, "/sign-out", auth.User, s.signOut, page},

		{post, "/gmail/push", auth.Public, s.gmailPush, []echo.MiddlewareFunc{middleware.BodyLimit("64K"), within(requestTime)}},

		{get, "/google/sign-in", auth.Anyone, s.googleSignIn, signIn},
		{get, "/google/callback", auth.Anyone, s.googleCallback, signIn},

		{get, "/", auth.User, s.inboxPage, page},
		{get, "/t/:id", auth.User, s.threadPage, page},
		{get, "/search", auth.User, s.searchPage, page},
		{get, "/search/facets", auth.User, s.searchFacets, page},
		{get, "/search/suggest", auth.User, s.searchSuggest, page},
		{get, "/search/build", auth.User, s.searchBuild, page},
		{get, "/search/plain", auth.User, s.searchPlain, page},
		{post, "/search/plain", auth.User, s.searchPlainAsk, page},
		{post, "/saved", auth.User, s.savedCreate, page},
		{get, "/saved/:id", auth.User, s.savedOpen, page},
		{get, "/alerts", auth.User, s.alertsPage, page},
		{get, "/settings/searches", auth.User, s.savedPage, page},
		{post, "/settings/searches/history", auth.User, s.historyChange, page},
		{post, "/settings/searches/:id", auth.User, s.savedChange, page},
		{get, "/journal", auth.User, s.journalPage, page},
		{get, "/help", auth.User, s.helpPage, page},
		{get, "/events", auth.User, s.events, stream},

		{get, "/emails/:id/html", auth.User, s.emailHTML, page},
		{get, "/emails/:id/raw", auth.User, s.emailRaw, page},
		{get, "/emails/:id/attachments/:part", auth.User, s.emailAttachment, page},
		{get, "/image/:user/:id", auth.Public, s.emailImage, page},

		{post, "/emails/:id/unsubscribe", auth.User, s.emailUnsubscribe, page},
		{post, "/emails/:id/answer", auth.User, s.outgoingCreate, page},
		{get, "/outgoing", auth.User, s.outgoingList, page},
		{get, "/outgoing/:id", auth.User, s.outgoingPage, page},
		{post, "/outgoing/:id", auth.User, s.outgoingSave, page},
		{post, "/outgoing/:id/cancel", auth.User, s.outgoingCancel, page},
		{post, "/outgoing/:id/delete", auth.User, s.outgoingDelete, page},

		{post, "/actions", auth.User, s.actionCreate, page},
		{post, "/actions/undo", auth.User, s.actionUndoSince, page},
		{post, "/actions/:id/undo", auth.User, s.actionUndo, page},
		{post, "/actions/:id/decide", auth.User, s.actionDecide, page},

		{get, "/approvals", auth.User, s.approvalsPage, page},
		{post, "/approvals/:kind", auth.User, s.approvalsDecide, page},
		{post, "/approvals/second/:id", auth.Admin, s.approvalSecond, page},
		{get, "/runs", auth.User, s.runsPage, page},
		{get, "/runs/:id", auth.User, s.runPage, page},
		{get, "/runs/:id/documents/:name", auth.User, s.runDocument, page},
		{post, "/runs/:id/cancel", auth.User, s.runCancel, page},

		{get, "/ops", auth.Operator, s.opsOverview, page},
		{get, "/ops/slos", auth.Operator, s.opsSLOs, page},
		{get, "/ops/slos/:subject/:sli", auth.Operator, s.opsSLO, page},
		{get, "/ops/slos/:subject/:sli/points", auth.Operator, s.opsSLOPoints, page},
		{post, "/ops/slos/:subject/:sli/promise", auth.Admin, s.opsSLOPromise, page},
		{post, "/ops/slos/:subject/:sli/corrections", auth.Operator, s.opsSLOCorrect, page},
		{post, "/ops/slos/:subject/:sli/corrections/:id/withdraw", auth.Operator, s.opsSLOWithdraw, page},
		{get, "/ops/budget", auth.Operator, s.opsBudget, page},
		{get, "/ops/alerts", auth.Operator, s.opsAlerts, page},
		{get, "/ops/alerts/:id", auth.Operator, s.opsAlert, page},
		{post, "/ops/alerts/:id/acknowledge", auth.Operator, s.opsAlertAcknowledge, page},
		{post, "/ops/alerts/:id/retry", auth.Operator, s.opsAlertRetry, page},
		{post, "/ops/silences", auth.Operator, s.opsSilence, page},
		{post, "/ops/silences/:id/end", auth.Operator, s.opsSilenceEnd, page},
		{get, "/ops/system", auth.Operator, s.opsSystem, page},
		{get, "/ops/jobs", auth.Operator, s.opsJobs, page},
		{get, "/ops/jobs/:id", auth.Operator, s.opsJob, page},
		{post, "/ops/jobs/:id", auth.Operator, s.opsJobAct, page},
		{post, "/ops/queues/:name", auth.Operator, s.opsQueueAct, page},
		{get, "/ops/checklists", auth.Operator, s.opsChecklists, page},
		{post, "/ops/checklists", auth.Operator, s.opsChecklistTick, page},
		{get, "/ops/agents", auth.Operator, s.opsAgents, page},
		{get, "/ops/agents/:name", auth.Operator, s.opsAgent, page},
		{post, "/ops/agents/:name/switch", auth.Operator, s.opsAgentSwitch, page},
		{post, "/ops/agents/:name/run", auth.Operator, s.opsAgentRun, page},
		{get, "/ops/runs", auth.Operator, s.opsRuns, page},
		{get, "/ops/runs/:id", auth.Operator, s.opsRun, page},
		{get, "/ops/runs/:id/documents/:name", auth.Operator, s.opsRunDocument, page},
		{post, "/ops/runs/:id/cancel", auth.Operator, s.opsRunCancel, page},
		{get, "/ops/search", auth.Operator, s.opsSearch, page},
		{get, "/ops/search/:operation", auth.Operator, s.opsSearchOperation, page},
		{post, "/ops/search/:operation", auth.Operator, s.opsSearchDo, page},

		{get, "/welcome", auth.User, s.welcomePage, page},
		{post, "/import", auth.User, s.importUpload, upload},
		{post, "/sample", auth.User, s.sampleLoad, page},
		{post, "/sample/remove", auth.User, s.sampleRemove, page},

		{get, "/settings", auth.User, s.settingsPage, page},
		{post, "/settings", auth.User, s.settingsSave, page},
		{get, "/settings/accounts", auth.User, s.accountsPage, page},
		{get, "/settings/accounts/connect", auth.User, s.accountConnect, page},
		{get, "/settings/accounts/operators", auth.Operator, s.accountsOverview, page},
		{get, "/settings/accounts/setup", auth.Admin, s.accountsSetup, []echo.MiddlewareFunc{within(2 * time.Minute)}},
		{post, "/settings/accounts/:id/sync", auth.User, s.accountSync, page},
		{post, "/settings/accounts/:id/disconnect", auth.User, s.accountDisconnect, page},
		{post, "/settings/accounts/:id/forget", auth.User, s.accountForget, page},
		{get, "/settings/sessions", auth.User, s.sessionsPage, page},
		{post, "/settings/sessions/:id/revoke", auth.User, s.sessionRevoke, page},
		{post, "/settings/sessions/revoke-others", auth.User, s.sessionRevokeOthers, page},
		{get, "/settings/appearance", auth.User, s.appearancePage, page},
		{post, "/settings/appearance", auth.User, s.appearanceSave, page},
		{get, "/settings/keyboard", auth.User, s.keyboardPage, page},
		{get, "/settings/tokens", auth.User, s.tokensPage, page},
		{post, "/settings/tokens", auth.User, s.tokenCreate, page},
		{post, "/settings/tokens/:id/revoke", auth.User, s.tokenRevoke, page},
		{get, "/settings/models", auth.User, s.modelsPage, page},
		{post, "/settings/models", auth.User, s.modelsSave, page},
		{get, "/settings/rules", auth.User, s.rulesPage, page},
		{post, "/settings/rules", auth.User, s.ruleCreate, page},
		{get, "/settings/rules/new", auth.User, s.ruleNew, page},
		{get, "/settings/rules/preview", auth.User, s.rulePreview, page},
		{get, "/settings/rules/:id", auth.User, s.rulePage, page},
		{post, "/settings/rules/:id", auth.User, s.ruleSave, page},
		{post, "/settings/rules/:id/enable", auth.User, s.ruleEnable, page},
		{post, "/settings/rules/:id/move", auth.User, s.ruleMove, page},
		{post, "/settings/rules/:id/undo", auth.User, s.ruleUndo, page},
		{post, "/settings/rules/:id/delete", auth.User, s.ruleDelete, page},
		{get, "/settings/accuracy", auth.User, s.accuracyPage, page},
		{get, "/settings/learned", auth.User, s.learnedPage, page},
		{post, "/settings/learned/forget", auth.User, s.learnedForget, page},
	}
}
