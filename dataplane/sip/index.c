/* SPDX-License-Identifier: BSD-3-Clause */
/* Which structural index runs: the best that the processor has; see index.h. */
#include "sip/index.h"

#include "sip/isa.h"

const struct sip_index_ops *sip_index_ops = &sip_index_scalar;
const struct sip_parse_ops *sip_parse_ops = &sip_parse_ops_scalar;

const struct sip_index_ops *sip_index_of(enum sip_index_kind kind)
{
	static const struct sip_index_ops *const all[SIP_INDEX_KINDS] = {
		[SIP_INDEX_SCALAR] = &sip_index_scalar,
		[SIP_INDEX_AVX2] = &sip_index_avx2,
		[SIP_INDEX_AVX512] = &sip_index_avx512,
	};
	return all[kind];
}

bool sip_index_supported(enum sip_index_kind kind)
{
	__builtin_cpu_init();
	switch (kind) {
	case SIP_INDEX_SCALAR:
		return true;
	case SIP_INDEX_AVX2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		       __builtin_cpu_supports("bmi2");
	case SIP_INDEX_AVX512:
		return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512vbmi") &&
		       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
	case SIP_INDEX_KINDS:
		break;
	}
	return false;
}

bool sip_index_use(enum sip_index_kind kind)
{
	static const struct sip_parse_ops *const parsers[SIP_INDEX_KINDS] = {
		[SIP_INDEX_SCALAR] = &sip_parse_ops_scalar,
		[SIP_INDEX_AVX2] = &sip_parse_ops_avx2,
		[SIP_INDEX_AVX512] = &sip_parse_ops_avx512,
	};

	if (!sip_index_supported(kind))
		return false;
	sip_index_ops = sip_index_of(kind);
	sip_parse_ops = parsers[kind];
	return true;
}

/* Before main, so that no start-up order has to be kept and no call tests a pointer. */
__attribute__((constructor)) static void sip_index_resolve(void)
{
	for (int kind = SIP_INDEX_KINDS - 1; kind >= 0; kind--) {
		if (sip_index_use((enum sip_index_kind)kind))
			return;
	}
}
