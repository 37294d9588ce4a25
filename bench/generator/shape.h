/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shapes: what messages of one kind between one caller and one target look like, octet by octet.
 * A shape is learnt from a message that was parsed and checked in full.  Those that follow are
 * compared with it under a mask: literal octets must be equal, the call's number must stand where
 * it stood.  Values of parameters in the proxy's Via and Record-Route may be others, of octets that
 * may stand there; their places are told to the caller.  What does not match is checked in full,
 * and may be a new shape.
 */
#ifndef GENERATOR_SHAPE_H
#define GENERATOR_SHAPE_H

#include "generator/template.h"

#define VIA_VALUES_MAX   4
#define RR_VALUES_MAX    6
#define SHAPE_OCTETS_MAX 1536u

struct range {
	uint16_t at, len;
};

/* A message received, as both ways of checking yield it. */
struct received {
	const char *data;
	uint16_t len;
	uint16_t status;             /* 0: a request */
	uint8_t kind;                /* enum message */
	uint8_t via_count, rr_count; /* values */
	struct range via[VIA_VALUES_MAX], rr[RR_VALUES_MAX];
	struct range branch;         /* of the top Via */
	struct range to;             /* value of To */
	struct range foreign_tag;    /* To tag of the proxy's own making; len 0: none */
};

enum octet_class {
	OCTET_TOKEN,     /* RFC 3261 §25.1, token: branches and tags */
	OCTET_PARAMETER, /* paramchar: values of a URI's parameters; of '%' no more than itself */
	OCTET_CLASSES,
};
/* True when all are of the class. */
[[nodiscard]] bool octets_are(enum octet_class class, const char *data, uint32_t len);

struct shape_set;

/* For about `pairs` pairs of caller and target. */
[[nodiscard]] struct shape_set *shape_set_create(uint32_t pairs);
void shape_set_destroy(struct shape_set *set);
[[nodiscard]] size_t shape_set_octets(const struct shape_set *set);

/* Who is concerned, beside the message: where it came, whose call it is. */
struct shape_place {
	uint8_t side;
	uint16_t local, caller, target;
};

/*
 * The number's digits, found where messages of this beginning and length had them; else looked
 * for.  NULL: no Call-ID of the form that templates have.
 */
[[nodiscard]] const char *shape_find_number(struct shape_set *set, uint8_t side, const char *data,
					    uint32_t len);
/* The same without learning anything: for prefetching. */
[[nodiscard]] const char *shape_guess_number(const struct shape_set *set, uint8_t side,
					     const char *data, uint32_t len);

/* Fills *received and returns true when the message has a known shape.  `with_mask` false: only
 * what kind it is counts. */
[[nodiscard]] bool shape_match(const struct shape_set *set, const struct shape_place *place,
			       const char *data, uint32_t len, const char *digits, bool with_mask,
			       struct received *received);
/* Learns from a message that was checked in full; false when it cannot be one. */
bool shape_learn(struct shape_set *set, const struct shape_place *place, const char *digits,
		 const struct received *received);

#endif
