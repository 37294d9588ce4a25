/* SPDX-License-Identifier: BSD-3-Clause */
/* A natural logarithm of 64-bit fractions in fixed point; see rendezvous.h. */
#include "balance/rendezvous.h"

#define LN2 0x02c5c85fdf473de7u /* ln 2 in fixed point */

/* For c = 65 .. 128: -ln(c / 128) in fixed point, and 2^64 / c. */
static const struct {
	uint64_t log, reciprocal;
} cells[64] = {
	{ 0x02b5e80b86c93bf5u, 0x03f03f03f03f03f0u }, { 0x02a645c4d0cf0ae6u, 0x03e0f83e0f83e0f8u },
	{ 0x0296dfadf2e183eeu, 0x03d226357e16ece5u }, { 0x0287b3fe5f24789au, 0x03c3c3c3c3c3c3c3u },
	{ 0x0278c10186d7f6a4u, 0x03b5cc0ed7303b5cu }, { 0x026a0515b3b190b8u, 0x03a83a83a83a83a8u },
	{ 0x025b7eaaf61be859u, 0x039b0ad12073615au }, { 0x024d2c42269b724fu, 0x038e38e38e38e38eu },
	{ 0x023f0c6bf8c2cb1bu, 0x0381c0e070381c0eu }, { 0x02311dc81e4794ccu, 0x03759f22983759f2u },
	{ 0x02235f0478eb54f3u, 0x0369d0369d0369d0u }, { 0x0215cedc5a0a9f48u, 0x035e50d79435e50du },
	{ 0x02086c17cec0759eu, 0x03531dec0d4c77b0u }, { 0x01fb358af7a48843u, 0x0348348348348348u },
	{ 0x01ee2a156b413e50u, 0x033d91d2a2067b23u }, { 0x01e148a1a2726cd9u, 0x0333333333333333u },
	{ 0x01d490246defa6b7u, 0x0329161f9add3c0cu }, { 0x01c7ff9c74554c92u, 0x031f3831f3831f38u },
	{ 0x01bb9611b80e2fb1u, 0x03159721ed7e7534u }, { 0x01af5295248cdd06u, 0x030c30c30c30c30cu },
	{ 0x01a33440224fa78du, 0x0303030303030303u }, { 0x01973a3431356addu, 0x02fa0be82fa0be82u },
	{ 0x018b639a88b2df4au, 0x02f149902f149902u }, { 0x017fafa3bd8151bfu, 0x02e8ba2e8ba2e8bau },
	{ 0x01741d876c67bb16u, 0x02e05c0b81702e05u }, { 0x0168ac83e9c6a142u, 0x02d82d82d82d82d8u },
	{ 0x015d5bddf595f2fau, 0x02d02d02d02d02d0u }, { 0x01522ae0738a3d7du, 0x02c8590b21642c85u },
	{ 0x014718dc271c41b0u, 0x02c0b02c0b02c0b0u }, { 0x013c25277333183bu, 0x02b9310572620ae4u },
	{ 0x01314f1e1d35ce3bu, 0x02b1da46102b1da4u }, { 0x01269621134db928u, 0x02aaaaaaaaaaaaaau },
	{ 0x011bf99635a6b94eu, 0x02a3a0fd5c5f02a3u }, { 0x011178e8227e47beu, 0x029cbc14e5e0a72fu },
	{ 0x0107138604d58627u, 0x0295fad40a57eb50u }, { 0x00fcc8e3659d9bccu, 0x028f5c28f5c28f5cu },
	{ 0x00f29877ff388091u, 0x0288df0cac5b3f5du }, { 0x00e881bf932af3dbu, 0x0282828282828282u },
	{ 0x00de8439c1dec568u, 0x027c45979c95204fu }, { 0x00d49f69e456cf1bu, 0x0276276276276276u },
	{ 0x00cad2d6e7b80bf9u, 0x0270270270270270u }, { 0x00c11e0b2a8d1e0eu, 0x026a439f656f1826u },
	{ 0x00b780945bab55ddu, 0x02647c69456217ecu }, { 0x00adfa035aa1ed90u, 0x025ed097b425ed09u },
	{ 0x00a489ec199dab07u, 0x02593f69b02593f6u }, { 0x009b2fe580ac80b1u, 0x0253c8253c8253c8u },
	{ 0x0091eb89524e100du, 0x024e6a171024e6a1u }, { 0x0088bc74113f23dfu, 0x0249249249249249u },
	{ 0x007fa244e76f5596u, 0x0243f6f0243f6f02u }, { 0x00769c9d8e111a89u, 0x023ee08fb823ee08u },
	{ 0x006dab2236b56c6fu, 0x0239e0d5b450239eu }, { 0x0064cd7975652623u, 0x0234f72c234f72c2u },
	{ 0x005c034c2bab0384u, 0x0230230230230230u }, { 0x00534c457481fab1u, 0x022b63cbeea4e1a0u },
	{ 0x004aa812911c5e92u, 0x0226b90226b90226u }, { 0x00421662d678e81au, 0x0222222222222222u },
	{ 0x003996e79bbb6597u, 0x021d9ead7cd391fbu }, { 0x00312954293f6686u, 0x02192e29f79b4758u },
	{ 0x0028cd5da85bc7d3u, 0x0214d0214d0214d0u }, { 0x002082bb13ce8889u, 0x0210842108421084u },
	{ 0x0018492528c8cabfu, 0x020c49ba5e353f7cu }, { 0x0010205658935847u, 0x0208208208208208u },
	{ 0x0008080abac46f39u, 0x0204081020408102u }, { 0x0000000000000000u, 0x0200000000000000u },
};

static uint64_t multiply_high(uint64_t a, uint64_t b)
{
	return (uint64_t)((rendezvous_product)a * b >> 64);
}

/*
 * u = 2^-zeros * c/128 * (1 - r): the cell's upper edge c/128 and the distance r below it, which
 * is less than 1/65.  Measured from the upper edge, so that u near 1, where the winners of a large
 * pool lie, comes out as r + r^2/2 + ... with full relative precision and no cancellation.
 */
uint64_t rendezvous_score(uint64_t uniform)
{
	uniform |= 1;
	unsigned int zeros = (unsigned int)__builtin_clzll(uniform);
	uint64_t mantissa = (uniform << zeros) | 1;
	unsigned int cell = (unsigned int)(mantissa >> 57) - 64;
	/* c << 57 wraps to 0 for c = 128, which is 2^64: the difference is right. */
	uint64_t below = ((uint64_t)(cell + 65) << 57) - mantissa;
	uint64_t r = multiply_high(below << 7, cells[cell].reciprocal);

	/* -ln(1 - r) = r(1 + r(1/2 + r(1/3 + r(1/4 + r/5)))), Horner's scheme in 2^-64 units; the
	 * first term neglected is r^6/6 < 2^-38. */
	uint64_t sum = r / 5 + (UINT64_MAX / 4 + 1);
	sum = multiply_high(r, sum) + UINT64_MAX / 3;
	sum = multiply_high(r, sum) + (UINT64_MAX / 2 + 1);
	uint64_t tail = multiply_high(r, multiply_high(r, sum));

	return (uint64_t)zeros * LN2 + cells[cell].log +
	       ((r + tail) >> (64 - RENDEZVOUS_FRACTION_BITS)) + 1;
}
