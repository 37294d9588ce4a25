/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that several tests start from. */
#ifndef TEST_SIP_SAMPLE_H
#define TEST_SIP_SAMPLE_H

/* An INVITE as a switch sends it through one proxy: 971 octets, 15 header rows, SDP. */
#define SAMPLE_INVITE                                                                              \
	"INVITE sip:+4930555010@sw.example.net:5060;user=phone SIP/2.0\r\n"                        \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-7f3a91c2e4b8;rport\r\n"                   \
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKk2m8;received=198.51.100.7\r\n"          \
	"Record-Route: <sip:192.0.2.10;lr;ftag=9b1d07>\r\n"                                        \
	"Max-Forwards: 69\r\n"                                                                     \
	"From: \"Anna Berg\" <sip:+4930555001@example.net>;tag=9b1d07\r\n"                         \
	"To: <sip:+4930555010@example.net>\r\n"                                                    \
	"Call-ID: 5f0d1c9e-88aa-4d1b-9a57-0a9c@198.51.100.7\r\n"                                   \
	"CSeq: 102 INVITE\r\n"                                                                     \
	"Contact: <sip:+4930555001@198.51.100.7:5060>\r\n"                                         \
	"User-Agent: ExampleSwitch 7.4.1-b203044\r\n"                                              \
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE\r\n"                                     \
	"Supported: timer, path, replaces\r\n"                                                     \
	"Session-Expires: 1800;refresher=uac\r\n"                                                  \
	"Content-Type: application/sdp\r\n"                                                        \
	"Content-Length: 271\r\n"                                                                  \
	"\r\n"                                                                                     \
	"v=0\r\n"                                                                                  \
	"o=- 1690000000 1690000001 IN IP4 198.51.100.7\r\n"                                        \
	"s=call\r\n"                                                                               \
	"c=IN IP4 198.51.100.7\r\n"                                                                \
	"t=0 0\r\n"                                                                                \
	"m=audio 16384 RTP/AVP 8 0 18 101\r\n"                                                     \
	"a=rtpmap:8 PCMA/8000\r\n"                                                                 \
	"a=rtpmap:0 PCMU/8000\r\n"                                                                 \
	"a=rtpmap:18 G729/8000\r\n"                                                                \
	"a=fmtp:18 annexb=no\r\n"                                                                  \
	"a=rtpmap:101 telephone-event/8000\r\n"                                                    \
	"a=ptime:20\r\n"                                                                           \
	"a=sendrecv\r\n"

#endif
