"""AssemblyAI's language codes and PII policies, which it does not check itself in every case.

The codes and 44 policies are in its OpenAPI description (1.3.4), ten more policies in its agent skill
and SDK, eleven (English, beta) in the SDK alone.
"""

from __future__ import annotations

LANGUAGE_CODES = frozenset(
    (
        "en en_au en_uk en_us es fr de it pt nl af sq am ar hy as az ba eu be bn bs br bg my ca zh hr cs "
        "da et fo fi gl ka el gu ht ha haw he hi hu is id ja jw kn kk km ko lo la lv ln lt lb mk mg ms "
        "ml mt mi mr mn ne no nn oc pa ps fa pl ro ru sa sr sn sd si sk sl so su sw sv tl tg ta tt te "
        "th bo tr tk uk ur uz vi cy yi yo"
    ).split()
)
ENGLISH_POLICIES = frozenset(
    (
        "corporate_action day effect financial_metric medical_code month organization_id product "
        "project trend year"
    ).split()
)
PII_POLICIES = ENGLISH_POLICIES | frozenset(
    (
        "account_number banking_information blood_type credit_card_cvv credit_card_expiration "
        "credit_card_number date date_interval date_of_birth drivers_license drug duration "
        "email_address event filename gender_sexuality healthcare_number injury ip_address language "
        "location marital_status medical_condition medical_process money_amount nationality "
        "number_sequence occupation organization passport_number password person_age person_name "
        "phone_number physical_attribute political_affiliation religion statistics time url "
        "us_social_security_number username vehicle_id zodiac_sign "
        "gender sexuality organization_medical_facility location_address location_address_street "
        "location_city location_coordinate location_country location_state location_zip"
    ).split()
)
