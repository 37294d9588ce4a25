/* SPDX-License-Identifier: BSD-3-Clause */
/* The reason phrases of the registered status codes; see build.h. */
#include "sip/build.h"

/* X(code, "phrase"), RFC 3261 §21 unless said otherwise. */
#define REASON_PHRASES(X)                                                                          \
	X(100, "Trying")                                                                           \
	X(180, "Ringing")                                                                          \
	X(181, "Call Is Being Forwarded")                                                          \
	X(182, "Queued")                                                                           \
	X(183, "Session Progress")                                                                 \
	X(199, "Early Dialog Terminated")                 /* RFC 6228 */                           \
	X(200, "OK")                                                                               \
	X(202, "Accepted")                                /* RFC 6665 */                           \
	X(204, "No Notification")                         /* RFC 5839 */                           \
	X(300, "Multiple Choices")                                                                 \
	X(301, "Moved Permanently")                                                                \
	X(302, "Moved Temporarily")                                                                \
	X(305, "Use Proxy")                                                                        \
	X(380, "Alternative Service")                                                              \
	X(400, "Bad Request")                                                                      \
	X(401, "Unauthorized")                                                                     \
	X(402, "Payment Required")                                                                 \
	X(403, "Forbidden")                                                                        \
	X(404, "Not Found")                                                                        \
	X(405, "Method Not Allowed")                                                               \
	X(406, "Not Acceptable")                                                                   \
	X(407, "Proxy Authentication Required")                                                    \
	X(408, "Request Timeout")                                                                  \
	X(410, "Gone")                                                                             \
	X(412, "Conditional Request Failed")              /* RFC 3903 */                           \
	X(413, "Request Entity Too Large")                                                         \
	X(414, "Request-URI Too Long")                                                             \
	X(415, "Unsupported Media Type")                                                           \
	X(416, "Unsupported URI Scheme")                                                           \
	X(417, "Unknown Resource-Priority")               /* RFC 4412 */                           \
	X(420, "Bad Extension")                                                                    \
	X(421, "Extension Required")                                                               \
	X(422, "Session Interval Too Small")              /* RFC 4028 */                           \
	X(423, "Interval Too Brief")                                                               \
	X(424, "Bad Location Information")                /* RFC 6442 */                           \
	X(425, "Bad Alert Message")                       /* RFC 8876 */                           \
	X(428, "Use Identity Header")                     /* RFC 8224 */                           \
	X(429, "Provide Referrer Identity")               /* RFC 3892 */                           \
	X(430, "Flow Failed")                             /* RFC 5626 */                           \
	X(433, "Anonymity Disallowed")                    /* RFC 5079 */                           \
	X(436, "Bad Identity Info")                       /* RFC 8224 */                           \
	X(437, "Unsupported Credential")                  /* RFC 8224 */                           \
	X(438, "Invalid Identity Header")                 /* RFC 8224 */                           \
	X(439, "First Hop Lacks Outbound Support")        /* RFC 5626 */                           \
	X(440, "Max-Breadth Exceeded")                    /* RFC 5393 */                           \
	X(469, "Bad Info Package")                        /* RFC 6086 */                           \
	X(470, "Consent Needed")                          /* RFC 5360 */                           \
	X(480, "Temporarily Unavailable")                                                          \
	X(481, "Call/Transaction Does Not Exist")                                                  \
	X(482, "Loop Detected")                                                                    \
	X(483, "Too Many Hops")                                                                    \
	X(484, "Address Incomplete")                                                               \
	X(485, "Ambiguous")                                                                        \
	X(486, "Busy Here")                                                                        \
	X(487, "Request Terminated")                                                               \
	X(488, "Not Acceptable Here")                                                              \
	X(489, "Bad Event")                               /* RFC 6665 */                           \
	X(491, "Request Pending")                                                                  \
	X(493, "Undecipherable")                                                                   \
	X(494, "Security Agreement Required")             /* RFC 3329 */                           \
	X(500, "Server Internal Error")                                                            \
	X(501, "Not Implemented")                                                                  \
	X(502, "Bad Gateway")                                                                      \
	X(503, "Service Unavailable")                                                              \
	X(504, "Server Time-out")                                                                  \
	X(505, "Version Not Supported")                                                            \
	X(513, "Message Too Large")                                                                \
	X(555, "Push Notification Service Not Supported") /* RFC 8599 */                           \
	X(580, "Precondition Failure")                    /* RFC 3312 */                           \
	X(600, "Busy Everywhere")                                                                  \
	X(603, "Decline")                                                                          \
	X(604, "Does Not Exist Anywhere")                                                          \
	X(606, "Not Acceptable")                                                                   \
	X(607, "Unwanted")                                /* RFC 8197 */                           \
	X(608, "Rejected")                                /* RFC 8688 */

struct span sip_reason_phrase(uint16_t status)
{
	switch (status) {
#define X(code, phrase)                                                                            \
	case code:                                                                                 \
		return SPAN(phrase);
		REASON_PHRASES(X)
#undef X
	}
	/* RFC 3261 §7.2 */
	switch (status / 100) {
	case 1:
		return SPAN("Provisional");
	case 2:
		return SPAN("Success");
	case 3:
		return SPAN("Redirection");
	case 4:
		return SPAN("Client Error");
	case 5:
		return SPAN("Server Error");
	}
	return SPAN("Global Failure");
}
