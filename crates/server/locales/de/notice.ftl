### Was ein Nutzer über eine Herausgabe seiner Daten erfährt.

notice-lead = { $company } hat Daten über Sie herausgegeben.
notice-to = An: { $authority }
notice-an-authority = eine Behörde
notice-on = Am: { $day }.{ $month }.{ $year }, { $hour }:{ $minute } UTC
notice-what = Was: { $title }
notice-range = Von: { $from }, bis vor: { $until }
notice-order = Anordnung: { $reference }
notice-law = Rechtsgrundlage: { $law }
notice-questions = Fragen an: { $contact }
