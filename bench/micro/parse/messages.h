/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages that are parsed and edited, beside SAMPLE_INVITE (tests/unit/sip/sample.h).  Via
 * rows stand first and the other rows in any order, for the corpus turns them. */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

/* A keep-alive check between switches: 328 octets. */
#define MESSAGE_OPTIONS                                                                            \
	"OPTIONS sip:198.51.100.20:5060 SIP/2.0\r\n"                                               \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-41c09ab7;rport\r\n"                       \
	"Max-Forwards: 70\r\n"                                                                     \
	"From: <sip:probe@192.0.2.10>;tag=77c41e\r\n"                                              \
	"To: <sip:198.51.100.20:5060>\r\n"                                                         \
	"Call-ID: 8d20c4ef61@192.0.2.10\r\n"                                                       \
	"CSeq: 4711 OPTIONS\r\n"                                                                   \
	"Contact: <sip:probe@192.0.2.10>\r\n"                                                      \
	"User-Agent: ExampleSwitch/7\r\n"                                                          \
	"Content-Length: 0\r\n"                                                                    \
	"\r\n"

/* The answer of a next hop to the INVITE: rows of the request, no more. */
#define MESSAGE_TRYING                                                                             \
	"SIP/2.0 100 Trying\r\n"                                                                   \
	"Via: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK5e0c7f1a90b3;received=203.0.113.5\r\n"    \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-7f3a91c2e4b8;rport=5060\r\n"              \
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKk2m8;received=198.51.100.7\r\n"          \
	"From: \"Anna Berg\" <sip:+4930555001@example.net>;tag=9b1d07\r\n"                         \
	"To: <sip:+4930555010@example.net>\r\n"                                                    \
	"Call-ID: 5f0d1c9e-88aa-4d1b-9a57-0a9c@198.51.100.7\r\n"                                   \
	"CSeq: 102 INVITE\r\n"                                                                     \
	"Content-Length: 0\r\n"                                                                    \
	"\r\n"

/* The 200 to it, on the way back through three proxies, with an answer in SDP. */
#define MESSAGE_OK                                                                                 \
	"SIP/2.0 200 OK\r\n"                                                                       \
	"Via: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK5e0c7f1a90b3;received=203.0.113.5\r\n"    \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-7f3a91c2e4b8;rport=5060\r\n"              \
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKk2m8;received=198.51.100.7\r\n"          \
	"Record-Route: <sip:203.0.113.5;lr>\r\n"                                                   \
	"From: \"Anna Berg\" <sip:+4930555001@example.net>;tag=9b1d07\r\n"                         \
	"To: <sip:+4930555010@example.net>;tag=e81ad5\r\n"                                         \
	"Call-ID: 5f0d1c9e-88aa-4d1b-9a57-0a9c@198.51.100.7\r\n"                                   \
	"CSeq: 102 INVITE\r\n"                                                                     \
	"Contact: <sip:+4930555010@203.0.113.77:5070;transport=udp>\r\n"                           \
	"Server: ExampleGateway 3.2\r\n"                                                           \
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, INFO\r\n"                               \
	"Supported: timer, replaces\r\n"                                                           \
	"Require: timer\r\n"                                                                       \
	"Session-Expires: 1800;refresher=uac\r\n"                                                  \
	"P-Asserted-Identity: <sip:+4930555010@example.net>\r\n"                                   \
	"Content-Type: application/sdp\r\n"                                                        \
	"Content-Length: 141\r\n"                                                                  \
	"\r\n"                                                                                     \
	"v=0\r\n"                                                                                  \
	"o=- 81 1 IN IP4 203.0.113.77\r\n"                                                         \
	"s=-\r\n"                                                                                  \
	"c=IN IP4 203.0.113.77\r\n"                                                                \
	"t=0 0\r\n"                                                                                \
	"m=audio 30000 RTP/AVP 8\r\n"                                                              \
	"a=rtpmap:8 PCMA/8000\r\n"                                                                 \
	"a=ptime:20\r\n"                                                                           \
	"a=sendrecv\r\n"

/* A telephone's registration with credentials, behind one proxy, with a Route to the registrar. */
#define MESSAGE_REGISTER                                                                           \
	"REGISTER sip:example.net SIP/2.0\r\n"                                                     \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-c2904b1e77\r\n"                           \
	"Via: SIP/2.0/UDP 10.20.30.40:5060;branch=z9hG4bKa88f21;received=198.51.100.7;rport=40112\r\n" \
	"Route: <sip:198.51.100.20:5060;lr>\r\n"                                                   \
	"Max-Forwards: 69\r\n"                                                                     \
	"From: <sip:+4930555001@example.net>;tag=3d9e5c\r\n"                                       \
	"To: <sip:+4930555001@example.net>\r\n"                                                    \
	"Call-ID: 0c11e6a5d2f84b39@10.20.30.40\r\n"                                                \
	"CSeq: 31 REGISTER\r\n"                                                                    \
	"Contact: <sip:+4930555001@10.20.30.40:5060>;expires=3600;+sip.instance=\"<urn:uuid:0c11e6a5>\"\r\n" \
	"Authorization: Digest username=\"+4930555001\", realm=\"example.net\", nonce=\"5e8f41a0b7\", " \
	"uri=\"sip:example.net\", response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5\r\n" \
	"User-Agent: ExamplePhone 10.1\r\n"                                                        \
	"Supported: path, gruu\r\n"                                                                \
	"Expires: 3600\r\n"                                                                        \
	"Content-Length: 0\r\n"                                                                    \
	"\r\n"

/* What differs between calls: in every copy each of these is replaced by another of its kind. */
#define MESSAGE_IDENTIFIERS                                                                        \
	"7f3a91c2e4b8", "k2m8", "9b1d07", "5f0d1c9e-88aa-4d1b-9a57-0a9c", "30555001", "30555010",  \
	"41c09ab7", "77c41e", "8d20c4ef61", "5e0c7f1a90b3", "e81ad5", "c2904b1e77", "a88f21",      \
	"3d9e5c", "0c11e6a5d2f84b39", "5e8f41a0b7", "6629fae49393a05397450978507c4ef1", "4711"

#endif
