/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts that templates are made of.  Marks: NUMBER, the digits of the call's number; CSEQ and
 * CSEQ_BYE, the CSeq digit of the call's INVITE and the next; TARGET, two digits of the target's
 * index; ROWS, where rows go in; OWN, the address and port of who sends it; RUN, what Call-IDs of the
 * run end in.
 */
#ifndef GENERATOR_TEMPLATE_TEXT_H
#define GENERATOR_TEMPLATE_TEXT_H

#include "generator/template.h"

#define NUMBER   "################"
#define CSEQ     "\1"
#define CSEQ_BYE "\2"
#define TARGET   "\3\3"
#define ROWS     "\4"
#define OWN      "\5"
#define RUN      "\6"

#define USER     "+439876543210"
#define BRANCH   "z9hG4bK"
#define VIA(letter, cseq) "Via: SIP/2.0/UDP " OWN ";rport;branch=" BRANCH letter cseq NUMBER "\r\n"
#define FORWARDS "Max-Forwards: 70\r\n"
#define ALICE    "\"Alice Example\" <sip:+431234567890@example.com>;tag=f" NUMBER
#define BOB      "<sip:" USER "@example.net>"
#define BOB_TAG  BOB ";tag=t" TARGET NUMBER
#define CALL_ID  CALL_ID_NAME NUMBER RUN "\r\n"
#define IDENTITY_OPEN "From: " ALICE "\r\nTo: " BOB "\r\n" CALL_ID
#define IDENTITY "From: " ALICE "\r\nTo: " BOB_TAG "\r\n" CALL_ID
#define EMPTY    "Content-Length: 0\r\n\r\n"
#define FEATURES                                                                                   \
	"Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO\r\n"                        \
	"Supported: 100rel, timer, replaces\r\n"

/* Media addresses are of documentation: no media flows. */
#define SDP(address)                                                                               \
	"v=0\r\no=- 20518 0 IN IP4 " address "\r\ns=-\r\nc=IN IP4 " address "\r\nt=0 0\r\n"         \
	"m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"     \
	"a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"        \
	"a=ptime:20\r\n"
#define OFFER  SDP("203.0.113.50")
#define ANSWER SDP("203.0.113.60")
#define SDP_ROWS "Content-Type: application/sdp\r\nContent-Length: 238\r\n\r\n"
static_assert(sizeof(OFFER) - 1 == 238 && sizeof(ANSWER) - 1 == 238, "Content-Length of SDP_ROWS");

#define CONTACT "Contact: <sip:+431234567890@" OWN ">\r\n" FEATURES
#define INVITE_REST                                                                                \
	CONTACT "Session-Expires: 1800;refresher=uac\r\n"                                                  \
	"P-Asserted-Identity: <sip:+431234567890@example.com;user=phone>\r\n"                      \
	"Date: Thu, 01 Jan 2026 12:00:00 GMT\r\n"                                                  \
	"Privacy: none\r\n"                                                                        \
	"User-Agent: Example Gateway 1.0\r\n" SDP_ROWS OFFER
#define INVITE_HEAD                                                                                \
	"INVITE sip:" USER "@example.net;user=phone SIP/2.0\r\n" VIA("i", CSEQ) FORWARDS           \
		IDENTITY_OPEN "CSeq: " CSEQ " INVITE\r\n"

/* A request in a dialog begins with its method and the peer's Contact (template.c). */
static const char *const template_texts[MESSAGE_COUNT] = {
	[MESSAGE_INVITE] = INVITE_HEAD INVITE_REST,
	[MESSAGE_INVITE_AUTH] = INVITE_HEAD
	"Proxy-Authorization: Digest username=\"alice\", realm=\"example.net\", "
	"nonce=\"" NUMBER "\", uri=\"sip:" USER "@example.net;user=phone\", "
	"response=\"5e4f1c7e0b5a3d2c9f8e7d6c5b4a3f2e\", algorithm=MD5\r\n"
	CONTACT SDP_ROWS OFFER, /* and a proxy's rows still fit one frame */
	[MESSAGE_ACK] = " SIP/2.0\r\n" VIA("a", CSEQ) ROWS FORWARDS IDENTITY
			"CSeq: " CSEQ " ACK\r\n" EMPTY,
	[MESSAGE_ACK_REFUSAL] = "ACK sip:" USER "@example.net;user=phone SIP/2.0\r\n"
		VIA("i", CSEQ) FORWARDS "From: " ALICE "\r\n" ROWS CALL_ID
		"CSeq: " CSEQ " ACK\r\n" EMPTY,
	[MESSAGE_CANCEL] = "CANCEL sip:" USER "@example.net;user=phone SIP/2.0\r\n"
		VIA("i", CSEQ) FORWARDS IDENTITY_OPEN "CSeq: " CSEQ " CANCEL\r\n" EMPTY,
	[MESSAGE_BYE] = " SIP/2.0\r\n" VIA("b", CSEQ_BYE) ROWS FORWARDS IDENTITY
			"CSeq: " CSEQ_BYE " BYE\r\n" EMPTY,
	[MESSAGE_REGISTER] = "REGISTER sip:example.net SIP/2.0\r\n" VIA("r", CSEQ) FORWARDS
		"From: <sip:u" NUMBER "@example.net>;tag=f" NUMBER "\r\n"
		"To: <sip:u" NUMBER "@example.net>\r\n" CALL_ID
		"CSeq: " CSEQ " REGISTER\r\n"
		"Contact: <sip:u" NUMBER "@" OWN ">;expires=3600\r\n"
		"User-Agent: Example Phone 1.0\r\n" EMPTY,
	[MESSAGE_OPTIONS] = "OPTIONS sip:" USER "@example.net SIP/2.0\r\n" VIA("o", CSEQ) FORWARDS
		IDENTITY_OPEN "CSeq: " CSEQ " OPTIONS\r\n"
		"Contact: <sip:+431234567890@" OWN ">\r\nAccept: application/sdp\r\n" EMPTY,
	[MESSAGE_HANG_UP_OK] = "SIP/2.0 200 OK\r\n" ROWS "From: " BOB_TAG "\r\nTo: " ALICE "\r\n"
		CALL_ID "CSeq: 1 BYE\r\n" EMPTY,
	[MESSAGE_TRYING] = "SIP/2.0 100 Trying\r\n" ROWS IDENTITY_OPEN "CSeq: " CSEQ " INVITE\r\n"
		EMPTY,
	[MESSAGE_RINGING] = "SIP/2.0 180 Ringing\r\n" ROWS IDENTITY "CSeq: " CSEQ " INVITE\r\n"
		"Contact: <sip:" USER "@" OWN ">\r\n" EMPTY,
	[MESSAGE_OK] = "SIP/2.0 200 OK\r\n" ROWS IDENTITY "CSeq: " CSEQ " INVITE\r\n"
		"Contact: <sip:" USER "@" OWN ">\r\n" FEATURES SDP_ROWS ANSWER,
	[MESSAGE_CHALLENGE] = "SIP/2.0 407 Proxy Authentication Required\r\n" ROWS IDENTITY
		"CSeq: " CSEQ " INVITE\r\n"
		"Proxy-Authenticate: Digest realm=\"example.net\", nonce=\"" NUMBER
		"\", algorithm=MD5\r\n" EMPTY,
	[MESSAGE_TERMINATED] = "SIP/2.0 487 Request Terminated\r\n" ROWS IDENTITY
		"CSeq: " CSEQ " INVITE\r\n" EMPTY,
	[MESSAGE_CANCEL_OK] = "SIP/2.0 200 OK\r\n" ROWS IDENTITY "CSeq: " CSEQ " CANCEL\r\n" EMPTY,
	[MESSAGE_BYE_OK] = "SIP/2.0 200 OK\r\n" ROWS IDENTITY "CSeq: " CSEQ_BYE " BYE\r\n" EMPTY,
	[MESSAGE_REGISTER_OK] = "SIP/2.0 200 OK\r\n" ROWS
		"From: <sip:u" NUMBER "@example.net>;tag=f" NUMBER "\r\n"
		"To: <sip:u" NUMBER "@example.net>;tag=t" TARGET NUMBER "\r\n" CALL_ID
		"CSeq: " CSEQ " REGISTER\r\n" EMPTY,
	[MESSAGE_OPTIONS_OK] = "SIP/2.0 200 OK\r\n" ROWS IDENTITY "CSeq: " CSEQ " OPTIONS\r\n"
		"Contact: <sip:" USER "@" OWN ">\r\n" FEATURES "Accept: application/sdp\r\n" EMPTY,
	[MESSAGE_HANG_UP] = " SIP/2.0\r\n" "Via: SIP/2.0/UDP " OWN ";rport;branch=" BRANCH "h1"
		NUMBER "\r\n" ROWS FORWARDS
		"From: " BOB_TAG "\r\nTo: " ALICE "\r\n" CALL_ID "CSeq: 1 BYE\r\n" EMPTY,
};

#endif
