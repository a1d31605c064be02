from simulator.core.masking import mask_text


def test_identity_number_is_masked_anywhere_and_numbers_of_visits_stay_readable():
    assert (
        mask_text("证件 230996195109086782，就诊 330100000000000001")
        == "证件 230996********6782，就诊 330100000000000001"
    )
