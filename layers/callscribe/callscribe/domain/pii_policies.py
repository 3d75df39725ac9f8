"""AssemblyAI's PII policies. It accepts unknown ones without a word, so they are checked here.

44 are in its OpenAPI description, ten more in its agent skill and SDK, eleven (English, beta) in the
SDK alone.
"""

from __future__ import annotations

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
